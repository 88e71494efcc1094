#include "base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace errata {

Error::Error(ErrorCategory category, std::string message, std::string hint, std::string path)
    : std::runtime_error(std::move(message)),
      category_(category),
      hint_(std::move(hint)),
      path_(std::move(path)) {}

std::string Error::to_text() const {
  std::string text = fmt::format("errata: {}", what());
  if (!path_.empty()) text += fmt::format(" ({})", path_);
  if (!hint_.empty()) text += "\n";
  for (size_t begin = 0; begin < hint_.size();) {
    const size_t end = std::min(hint_.find('\n', begin), hint_.size() - 1) + 1;
    text += "  " + hint_.substr(begin, end - begin);
    begin = end;
  }
  return text;
}

std::string_view category_name(ErrorCategory category) {
  switch (category) {
    case ErrorCategory::kInternal: return "internal";
    case ErrorCategory::kUsage: return "usage";
    case ErrorCategory::kNotFound: return "not found";
    case ErrorCategory::kBadInput: return "bad input";
    case ErrorCategory::kConflict: return "conflict";
    case ErrorCategory::kBusy: return "busy";
    case ErrorCategory::kIo: return "input/output";
    case ErrorCategory::kUnsupported: return "unsupported";
    case ErrorCategory::kCorrupt: return "corrupt";
    case ErrorCategory::kInterrupted: return "interrupted";
  }
  return "internal";
}

Error io_error(std::string_view doing, const std::string& path, int error_number) {
  std::string hint;
  ErrorCategory category = ErrorCategory::kIo;
  switch (error_number) {
    case ENOSPC:
    case EDQUOT: hint = "The disk is full: free some space and run the command again."; break;
    case EACCES:
    case EPERM:
    case EROFS: hint = "Check the permissions of the file and of its folder."; break;
    case EMFILE:
    case ENFILE: hint = "Too many open files: raise the limit with `ulimit -n`."; break;
    case ENOENT: category = ErrorCategory::kNotFound; break;
    default: break;
  }
  return Error(category, fmt::format("cannot {}: {}", doing, std::strerror(error_number)), hint,
               path);
}

}  // namespace errata
