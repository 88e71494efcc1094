#include "infer/library.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <type_traits>
#include <vector>

#include "base/files.h"

namespace errata::infer {

namespace {

constexpr const char* kLibraryName = "liberrata_infer.so";

std::string executable_folder() {
  std::string path(4096, '\0');
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
  if (length <= 0) return ".";
  path.resize(static_cast<size_t>(length));
  return std::string(parent_path(path));
}

InferLibrary open_library() {
  InferLibrary library;
  std::vector<std::string> candidates;
  if (const char* named = std::getenv("ERRATA_INFER_LIBRARY")) {
    candidates.emplace_back(named);
  } else {
    const std::string folder = executable_folder();
    for (const char* relative : {"../lib/", "", "../lib/errata/"}) {
      candidates.push_back(join_path(folder, std::string(relative) + kLibraryName));
    }
  }
  std::string found;
  for (const std::string& candidate : candidates) {
    if (file_exists(candidate)) {
      found = candidate;
      break;
    }
  }
  if (found.empty()) {
    library.problem = fmt::format("there is no {} beside this program", kLibraryName);
    return library;
  }
  void* handle = dlopen(found.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    library.problem = fmt::format("{} cannot be loaded: {}", found, dlerror());
    return library;
  }
  const auto abi = reinterpret_cast<RunnerAbiFn>(dlsym(handle, "errata_runner_abi"));
  if (abi == nullptr || abi() != kRunnerAbi) {
    library.problem = fmt::format("{} belongs to another build of Errata", found);
    return library;
  }
  const auto find = [&](const char* name, auto& function) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(handle, name));
    if (function == nullptr) library.problem = fmt::format("{} lacks {}", found, name);
  };
  find("errata_open_runner", library.open_runner);
  find("errata_describe_devices", library.describe_devices);
  find("errata_choose_device", library.choose_device);
  find("errata_open_head_device", library.open_head_device);
  find("errata_open_tuner", library.open_tuner);
  return library;
}

}  // namespace

// LibTorch cannot be unloaded.
const InferLibrary& infer_library() {
  static const InferLibrary the_library = open_library();
  return the_library;
}

}  // namespace errata::infer
