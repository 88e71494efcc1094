#include "jobs/edit_job.h"

#include <doctest/doctest.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <string>

#include "base/error.h"
#include "jobs/object_edit_job.h"

using namespace errata::jobs;

namespace {

// Sets what the process is told of its user, and puts it back.
class UserVariables {
 public:
  UserVariables() {
    for (const char* name : {"ERRATA_WHO", "USER", "LOGNAME"}) {
      const char* value = std::getenv(name);
      before_[name] = value == nullptr ? "" : value;
      ::unsetenv(name);
    }
  }
  UserVariables(const UserVariables&) = delete;
  UserVariables& operator=(const UserVariables&) = delete;
  ~UserVariables() {
    for (const auto& [name, value] : before_) {
      if (value.empty()) {
        ::unsetenv(name.c_str());
      } else {
        ::setenv(name.c_str(), value.c_str(), 1);
      }
    }
  }

 private:
  std::map<std::string, std::string> before_;
};

}  // namespace

TEST_CASE("who decides is who the environment says, else whose account it is") {
  const UserVariables variables;
  const passwd* account = ::getpwuid(::geteuid());
  CHECK(default_who() == (account == nullptr ? "unknown" : account->pw_name));
  ::setenv("LOGNAME", "mia", 1);
  CHECK(default_who() == "mia");
  ::setenv("USER", "", 1);
  CHECK(default_who() == "mia");
  ::setenv("USER", "jo", 1);
  CHECK(default_who() == "jo");
  ::setenv("ERRATA_WHO", "reviewer 2", 1);
  CHECK(default_who() == "reviewer 2");
}

TEST_CASE("a filter of white space names no samples and no objects") {
  EditJobOptions samples;
  samples.where = " \t\n";
  CHECK_THROWS_AS(samples.check(), errata::Error);
  ObjectEditOptions objects;
  objects.kind = errata::store::ObjectEditKind::kDelete;
  objects.where = " \t\n";
  CHECK_THROWS_AS(objects.check(), errata::Error);
}
