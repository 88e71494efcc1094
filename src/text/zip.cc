#include "text/zip.h"

#include <zip.h>

#include <cerrno>
#include <fstream>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"

namespace errata::text {

struct ZipReader::State {
  zip_t* archive = nullptr;
  ~State() {
    if (archive != nullptr) zip_discard(archive);
  }
};

ZipReader::ZipReader(const std::string& path) : state_(std::make_unique<State>()), path_(path) {
  if (!file_exists(path)) throw io_error("read", path, errno);
  int code = 0;
  state_->archive = zip_open(path.c_str(), ZIP_RDONLY, &code);
  if (state_->archive == nullptr) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string why = zip_error_strerror(&error);
    zip_error_fini(&error);
    throw Error(ErrorCategory::kBadInput, "not a whole zip archive: " + why,
                "copy or write the file again", path);
  }
  const zip_int64_t count = zip_get_num_entries(state_->archive, 0);
  entries_.resize(static_cast<size_t>(count));
  for (zip_int64_t i = 0; i < count; ++i) {
    zip_stat_t stat;
    ZipEntry& entry = entries_[static_cast<size_t>(i)];
    if (zip_stat_index(state_->archive, static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW, &stat) != 0) {
      continue;
    }
    if ((stat.valid & ZIP_STAT_NAME) != 0) entry.name = stat.name;
    if ((stat.valid & ZIP_STAT_SIZE) != 0) entry.size_bytes = stat.size;
    if ((stat.valid & ZIP_STAT_COMP_SIZE) != 0) entry.packed_size_bytes = stat.comp_size;
  }
}

ZipReader::~ZipReader() = default;
ZipReader::ZipReader(ZipReader&&) noexcept = default;
ZipReader& ZipReader::operator=(ZipReader&&) noexcept = default;

size_t ZipReader::find(std::string_view name) const {
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].name == name) return i;
  }
  return SIZE_MAX;
}

std::vector<uint8_t> ZipReader::read(size_t index, uint64_t max_bytes) const {
  const ZipEntry& entry = entries_.at(index);
  const auto fail = [&](const std::string& what) {
    return Error(ErrorCategory::kBadInput, "the member '" + entry.name + "' " + what, {}, path_);
  };
  // Deflate cannot pack better than 1:1032; more is a lie in the directory.
  if (entry.size_bytes > max_bytes || entry.size_bytes / 1100 > entry.packed_size_bytes) {
    throw fail("claims " + human_bytes(entry.size_bytes) + ", more than can be true");
  }
  zip_file_t* file = zip_fopen_index(state_->archive, index, 0);
  if (file == nullptr) {
    throw fail(std::string("cannot be opened: ") + zip_strerror(state_->archive));
  }
  std::vector<uint8_t> bytes(entry.size_bytes);
  size_t filled = 0;
  zip_int64_t got = 0;
  while (filled < bytes.size() &&
         (got = zip_fread(file, bytes.data() + filled, bytes.size() - filled)) > 0) {
    filled += static_cast<size_t>(got);
  }
  uint8_t beyond = 0;
  // Reading to the end is what makes libzip check the CRC.
  const bool ends = got >= 0 && filled == bytes.size() && zip_fread(file, &beyond, 1) == 0;
  const std::string why = zip_file_strerror(file);
  zip_fclose(file);
  if (!ends) throw fail("is broken: " + why);
  return bytes;
}

bool is_zip_file(const std::string& path) {
  char first[4] = {};
  std::ifstream file(path, std::ios::binary);
  if (!file.read(first, sizeof first)) return false;
  const std::string_view magic(first, 4);
  return magic == std::string_view("PK\x03\x04", 4) || magic == std::string_view("PK\x05\x06", 4);
}

}  // namespace errata::text
