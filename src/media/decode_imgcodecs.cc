#include <dlfcn.h>
#include <unistd.h>

#include <climits>
#include <cstring>
#include <string>
#include <vector>

#include "base/files.h"
#include "media/decoders.h"
#include "media/imgcodecs_module.h"
#include "media/probe_internal.h"

namespace errata::media::internal {
namespace {

constexpr const char* kModuleName = "liberrata_imgcodecs.so";

struct Module {
  decltype(&errata_imgcodecs_decode) decode = nullptr;
  decltype(&errata_imgcodecs_free) free = nullptr;
  std::string why_absent;
};

// Beside the executable (or the library this code is in) and in ../lib from there.
std::vector<std::string> candidate_paths() {
  std::vector<std::string> folders;
  char exe[PATH_MAX];
  const ssize_t n = ::readlink("/proc/self/exe", exe, sizeof exe);
  if (n > 0 && n < PATH_MAX) {
    folders.emplace_back(parent_path(std::string_view(exe, static_cast<size_t>(n))));
  }
  Dl_info own{};
  if (::dladdr(reinterpret_cast<void*>(&candidate_paths), &own) != 0 && own.dli_fname != nullptr) {
    folders.emplace_back(parent_path(own.dli_fname));
  }
  std::vector<std::string> paths;
  for (const std::string& folder : folders) {
    for (const char* below : {"../lib", "../lib/errata", "."}) {
      paths.push_back(join_path(join_path(folder, below), kModuleName));
    }
  }
  return paths;
}

Module open_module() {
  Module module;
  void* handle = nullptr;
  module.why_absent = std::string(kModuleName) + " is not beside this program";
  for (const std::string& path : candidate_paths()) {
    if (!file_exists(path)) continue;
    handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle != nullptr) break;
    const char* reason = ::dlerror();
    module.why_absent = reason != nullptr ? reason : path + " does not load";
  }
  if (handle == nullptr) return module;
  const auto abi =
      reinterpret_cast<decltype(&errata_imgcodecs_abi)>(::dlsym(handle, "errata_imgcodecs_abi"));
  if (abi == nullptr || abi() != ERRATA_IMGCODECS_ABI) {
    module.why_absent = std::string(kModuleName) + " is of another version of Errata";
    return module;
  }
  module.free =
      reinterpret_cast<decltype(&errata_imgcodecs_free)>(::dlsym(handle, "errata_imgcodecs_free"));
  module.decode = reinterpret_cast<decltype(&errata_imgcodecs_decode)>(
      ::dlsym(handle, "errata_imgcodecs_decode"));
  return module;
}

// Opened once, by whoever comes first; stays open.
const Module& module() {
  static const Module opened = open_module();
  return opened;
}

// The containers say how long they are; OpenCV fills what is missing with black.
bool ends_early(Bytes bytes, const Probe& probe) {
  if (probe.format == ImageFormat::kWebp) return le32(bytes.data() + 4) > bytes.size() - 8;
  if (probe.format == ImageFormat::kTiff) {
    TiffTags tags;
    read_tiff_tags(bytes, tags);
    return tags.pixels_end > bytes.size();
  }
  if (probe.format != ImageFormat::kBmp || le32(bytes.data() + 14) < 40 || bytes.size() < 34) {
    return false;
  }
  const uint32_t compression = le32(bytes.data() + 30);
  if (compression != 0 && compression != 3) return false;
  const uint64_t row_bytes =
      (static_cast<uint64_t>(probe.width_px) * le16(bytes.data() + 28) + 31) / 32 * 4;
  const uint64_t need =
      le32(bytes.data() + 10) + row_bytes * static_cast<uint64_t>(probe.height_px);
  return bytes.size() < need;
}

bool is_animated_webp(Bytes bytes) {
  return bytes.size() > 20 && std::memcmp(bytes.data() + 12, "VP8X", 4) == 0 &&
         (bytes[20] & 0x02) != 0;
}

}  // namespace

DecodeStatus decode_with_imgcodecs(Bytes bytes, const Probe& probe, Decoded& decoded) {
  const std::string name(format_name(probe.format));
  if (ends_early(bytes, probe)) {
    decoded.message = name + ": the file ends before its image does";
    return DecodeStatus::kTruncated;
  }
  if (probe.format == ImageFormat::kWebp && is_animated_webp(bytes)) {
    decoded.message = "animated WebP is not decoded; convert a frame of it to PNG";
    return DecodeStatus::kUnsupported;
  }
  if (module().decode == nullptr) {
    decoded.message = name + " needs the imgcodecs module: " + module().why_absent;
    return DecodeStatus::kUnsupported;
  }
  ErrataImgcodecsResult result{};
  if (module().decode(bytes.data(), bytes.size(), 1, &result) == 0) {
    decoded.message = name + ": " + result.message;
    return DecodeStatus::kCorrupt;
  }
  decoded.image = Image(result.width_px, result.height_px, 3);
  std::memcpy(decoded.image.pixels.data(), result.pixels, decoded.image.pixels.size());
  module().free(&result);
  return DecodeStatus::kOk;
}

}  // namespace errata::media::internal
