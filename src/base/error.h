// The one exception type of the program. Thrown where a command cannot go on; caught once, in the
// command line's main or in the job runner, and shown as `errata: <what> (<path>)` plus the hint.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace errata {

// Each category is also the exit code of the command line.
enum class ErrorCategory {
  kInternal = 1,      // a bug of ours
  kUsage = 2,         // flags or arguments that make no sense
  kNotFound = 3,      // a file, sample, run, class or version that is not there
  kBadInput = 4,      // a file that is there and is broken, or of another kind than asked for
  kConflict = 5,      // the name exists, the target is not empty, a label was changed twice
  kBusy = 6,          // somebody else holds the store or the run
  kIo = 7,            // read, write, disk full, permission
  kUnsupported = 8,   // this build or this machine cannot do it
  kCorrupt = 9,       // a checksum or an invariant of the store does not hold
  kInterrupted = 130  // Ctrl-C
};

class Error : public std::runtime_error {
 public:
  Error(ErrorCategory category, std::string message, std::string hint = {}, std::string path = {});

  ErrorCategory category() const { return category_; }
  const std::string& hint() const { return hint_; }
  const std::string& path() const { return path_; }
  int exit_code() const { return static_cast<int>(category_); }

  // `errata: message (path)` and, when there is one, the hint below it, each of its
  // lines indented by two.
  std::string to_text() const;

 private:
  ErrorCategory category_;
  std::string hint_;
  std::string path_;
};

// "usage", "not found", ...: for --json and the help page of exit codes.
std::string_view category_name(ErrorCategory category);

// An kIo error for the present errno: "cannot <doing>: <strerror>", with a hint for a full disk, a
// missing permission and too many open files. `error_number` is errno as it was at the failure.
Error io_error(std::string_view doing, const std::string& path, int error_number);

}  // namespace errata
