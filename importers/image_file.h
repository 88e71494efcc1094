// One image file: its bytes hashed and its header read, nothing decoded. Shared by the importers
// whose samples are files.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/issue_log.h"
#include "model/records.h"

namespace errata::importers {

// torchvision's IMG_EXTENSIONS, tested as it does: the lower-cased path ends with one of them.
bool has_image_suffix(std::string_view path);

// Buffers that are used again from file to file. One per thread.
class ImageFileReader {
 public:
  // Fills size, mtime, hash, pixel size and orientation of `record`, whose path below `root` must
  // be set. The file is opened as `name` below the open folder `folder_fd`, or as root/path when
  // that is negative. False when the file must be rejected; exactly one of the issues appended to
  // `issues` then is a rejection. Kinds: see imagefolder.h.
  bool read(int folder_fd, const char* name, const std::string& root, SampleRecord& record,
            std::vector<Issue>& issues);

 private:
  bool probe(int fd, const std::string& root, SampleRecord& record, std::vector<Issue>& issues);
  bool read_bytes(int fd, uint64_t size_bytes, SampleRecord& record, int& error_number);

  std::vector<uint8_t> buffer_;
  size_t filled_ = 0;  // bytes of buffer_ that are the start of the file
  std::string tail_;   // the last bytes of a file larger than the buffer
};

}  // namespace errata::importers
