// One subcommand: its options, and what it does with what the other options say.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "cli/result_table.h"
#include "jobs/job_context.h"

namespace CLI {
class App;
}

namespace errata::cli {

// Options that every command takes, before or after its name.
struct GlobalOptions {
  std::string store_path;
  bool json = false;
  bool quiet = false;  // neither progress nor notes on stderr
};

// What a command's body works with. Results go to stdout, notes and warnings to stderr.
class CommandContext {
 public:
  CommandContext(GlobalOptions global, CancelToken& cancel);
  ~CommandContext();
  CommandContext(const CommandContext&) = delete;
  CommandContext& operator=(const CommandContext&) = delete;

  const std::string& store_path() const { return global_.store_path; }
  bool json() const { return global_.json; }

  void print_text(std::string_view text);  // stdout as it is
  void print_json(const text::Json& value) { print_text(value.dump(2) + "\n"); }
  // --json wins over `format`.
  void print_table(const ResultTable& table, TableFormat format = TableFormat::kTable);
  void note(std::string_view line);  // stderr, "line\n", unless --quiet
  void warn(std::string_view line);  // stderr, "errata: warning: line\n", always

  IssueLog& issues() { return issues_; }
  CancelToken& cancel() { return cancel_; }
  // Worker threads are started by the first call. Progress is drawn from then to the end of the
  // command when stderr is a terminal.
  jobs::JobContext job();
  // Clears the progress line; before a report is printed.
  void end_progress();
  // Runs `fn`; when it is interrupted, the error says how to go on.
  template <typename Fn>
  auto resumable(std::string_view how_to_go_on, const Fn& fn) {
    try {
      return fn();
    } catch (const Error& error) {
      rethrow_with_hint(error, how_to_go_on);
    }
  }

 private:
  [[noreturn]] void rethrow_with_hint(const Error& error, std::string_view how_to_go_on);

  struct Live;
  GlobalOptions global_;
  CancelToken& cancel_;
  IssueLog issues_;
  Progress progress_;
  std::unique_ptr<Live> live_;
};

using CommandBody = std::function<void(CommandContext&)>;

// Adds the command's options to `app` and returns what runs when it is chosen; the options live in
// the body.
using CommandSetup = CommandBody (*)(CLI::App& app);

struct CommandEntry {
  std::string_view name;
  std::string_view summary;
  std::string_view example;  // shown by --help, one command a line
  CommandSetup setup;
};

// For a command that is a family: adds the child `name` with its help and its body.
class CommandFamily {
 public:
  explicit CommandFamily(CLI::App& app);
  CLI::App& add(std::string_view name, std::string_view summary, std::string_view example,
                const std::function<CommandBody(CLI::App&)>& setup);
  // Runs the child that was named; without one `alone`, else `list`, where there are such things,
  // else it is an error.
  CommandBody body(const CommandBody& alone = {}) const;

 private:
  struct Child {
    CLI::App* app;
    CommandBody body;
  };
  CLI::App& app_;
  std::shared_ptr<std::vector<Child>> children_;
};

}  // namespace errata::cli
