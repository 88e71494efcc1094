#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <fstream>

#include "base/text.h"
#include "store/connection.h"

namespace errata::store {

namespace {

// Where SQLite locks: the WAL's write lock is byte 120 of the -shm file; with a rollback journal
// PENDING, RESERVED and the SHARED range start at 1 GiB of the store itself.
constexpr int64_t kWalWriteLock = 120;
constexpr int64_t kPendingByte = 0x40000000;
constexpr int64_t kReservedByte = kPendingByte + 1;

int64_t parse_number(std::string_view text) {
  int64_t value = INT64_MAX;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// Pid of a POSIX write lock that covers `offset` of the file with `inode`, or 0.
int64_t find_write_lock(ino_t inode, int64_t first, int64_t last) {
  std::ifstream locks("/proc/locks");
  std::string line;
  while (std::getline(locks, line)) {
    // "1: POSIX  ADVISORY  WRITE 1234 fe:00:393224 120 120"
    std::vector<std::string_view> words;
    for (const std::string_view word : split_view(line, ' ')) {
      if (!word.empty()) words.push_back(word);
    }
    if (words.size() < 8 || words[1] == "->" || words[3] != "WRITE") continue;
    const std::string_view file = words[5];
    const size_t colon = file.rfind(':');
    if (colon == std::string_view::npos) continue;
    if (parse_number(file.substr(colon + 1)) != static_cast<int64_t>(inode)) continue;
    const int64_t from = parse_number(words[6]);
    const int64_t to = words[7] == "EOF" ? INT64_MAX : parse_number(words[7]);
    if (from <= last && to >= first) return parse_number(words[4]);
  }
  return 0;
}

int64_t find_holder(const std::string& path) {
  struct stat status {};
  if (::stat((path + "-shm").c_str(), &status) == 0) {
    const int64_t pid = find_write_lock(status.st_ino, kWalWriteLock, kWalWriteLock);
    if (pid != 0) return pid;
  }
  if (::stat(path.c_str(), &status) == 0) {
    return find_write_lock(status.st_ino, kPendingByte, kReservedByte);
  }
  return 0;
}

}  // namespace

std::string describe_lock_holder(const std::string& path) {
  const int64_t pid = find_holder(path);
  if (pid <= 0) return {};
  if (pid == ::getpid()) return "this program itself";
  std::ifstream file(fmt::format("/proc/{}/cmdline", pid), std::ios::binary);
  std::string command((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  while (!command.empty() && command.back() == '\0') command.pop_back();
  for (char& c : command) {
    if (c == '\0') c = ' ';
  }
  if (command.empty()) return fmt::format("process {}", pid);
  return fmt::format("process {} ({})", pid, shorten_utf8(escape_bytes(command), 120));
}

}  // namespace errata::store
