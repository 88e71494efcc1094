// errata-view: the window over a store.
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "jobs/edit_job.h"
#include "viewer/app/run_app.h"
#include "viewer/app/script.h"
#include "viewer/app/store_backend.h"
#include "viewer/state/options.h"

int main(int argc, char** argv) {
  using namespace errata::viewer;
  try {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const ViewerOptions options = parse_options(arguments);
    if (options.help) {
      std::fputs(help_text().c_str(), stdout);
      return 0;
    }
    if (options.list) {
      std::fputs(list_text().c_str(), stdout);
      return 0;
    }
    check_script(options);
    // A store that is not there yet opens the first steps: the first import makes it.
    run_app(options, [&options](const std::string& store) {
      return std::make_unique<StoreBackend>(
          store, options.who.empty() ? errata::jobs::default_who() : options.who);
    });
    return 0;
  } catch (const errata::Error& error) {
    std::fprintf(stderr, "%s\n", error.to_text().c_str());
    return error.exit_code();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "errata: %s\n", error.what());
    return 1;
  }
}
