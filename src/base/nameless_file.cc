#include "base/nameless_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/error.h"
#include "base/files.h"

namespace errata {

int open_nameless_file(const std::vector<std::string>& folders) {
  int error_number = ENOENT;
  for (const std::string& folder : folders) {
    const int fd = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) return fd;
    // Not every file system has files without a name.
    std::string name = join_path(folder, ".errata-XXXXXX");
    const int named = ::mkostemp(name.data(), O_CLOEXEC);
    if (named >= 0) {
      ::unlink(name.c_str());
      return named;
    }
    if (&folder == &folders.front()) error_number = errno;
  }
  throw io_error("make a temporary file in", folders.empty() ? "" : folders.front(), error_number);
}

}  // namespace errata
