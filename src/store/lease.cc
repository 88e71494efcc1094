#include "store/lease.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <ctime>
#include <fstream>
#include <random>

#include "base/text.h"

namespace errata::store {

namespace {

constexpr int64_t kForeignLeaseSecs = 600;

std::string host_name() {
  char name[256] = {};
  ::gethostname(name, sizeof(name) - 1);
  return to_valid_utf8(name);
}

// Start time of a process in clock ticks since boot: tells a process from a later one of the same
// id. 0 when there is none, or only what its parent has not collected yet.
int64_t process_start(int64_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line;
  if (!std::getline(file, line)) return 0;
  // The command's name, in parentheses, may hold anything: fields count from behind the last ')'.
  const size_t close = line.rfind(')');
  if (close == std::string::npos) return 0;
  const auto fields = split_view(std::string_view(line).substr(close + 2), ' ');
  if (fields[0] == "Z" || fields[0] == "X") return 0;
  constexpr size_t kStartTime = 19;
  int64_t start = 0;
  if (fields.size() > kStartTime) {
    std::from_chars(fields[kStartTime].data(),
                    fields[kStartTime].data() + fields[kStartTime].size(), start);
  }
  return start;
}

int64_t seconds_since(const std::string& iso8601) {
  std::tm time{};
  if (::strptime(iso8601.c_str(), "%Y-%m-%dT%H:%M:%S", &time) == nullptr) return INT64_MAX;
  return static_cast<int64_t>(std::time(nullptr)) - static_cast<int64_t>(::timegm(&time));
}

}  // namespace

bool lease_is_stale(const LeaseRow& lease) {
  if (lease.host != host_name()) return seconds_since(lease.renewed_at) > kForeignLeaseSecs;
  if (lease.pid <= 0) return true;
  return process_start(lease.pid) != lease.process_start;
}

Lease::Lease(Connection& db, std::string name) : db_(db), name_(std::move(name)) {
  std::random_device random;
  token_ = static_cast<int64_t>((uint64_t{random()} << 31) ^ random()) & INT64_MAX;
  Transaction transaction(db_, Transaction::Kind::kWrite);
  Statement find =
      db_.prepare("SELECT host, pid, process_start, renewed_at FROM lease WHERE name = ?1");
  find.bind(1, name_);
  if (find.step()) {
    const LeaseRow holder{name_, find.string(0), find.integer(1), find.integer(2), find.string(3)};
    find.reset();
    if (!lease_is_stale(holder)) {
      throw Error(ErrorCategory::kBusy,
                  fmt::format("the {} is being written by process {} on {}", name_, holder.pid,
                              holder.host),
                  "wait until it is done, or stop it, and run this again", db_.path());
    }
  }
  Statement take = db_.prepare(
      "INSERT OR REPLACE INTO lease(name, host, pid, process_start, token, renewed_at) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  const std::string host = host_name();
  const std::string now = now_iso8601_utc();
  take.bind(1, name_).bind(2, host).bind(3, int64_t{::getpid()});
  take.bind(4, process_start(::getpid())).bind(5, token_).bind(6, now);
  take.run();
  transaction.commit();
  held_ = true;
}

Lease::~Lease() {
  if (!held_) return;
  try {
    give_back();
  } catch (const std::exception&) {
    // The next one finds that this process is gone.
  }
}

void Lease::renew() {
  Statement& renew = db_.cached("UPDATE lease SET renewed_at = ?3 WHERE name = ?1 AND token = ?2");
  const std::string now = now_iso8601_utc();
  renew.bind(1, name_).bind(2, token_).bind(3, now);
  renew.run();
  renew.reset();
  if (db_.changes() != 1) {
    held_ = false;
    throw Error(ErrorCategory::kConflict, fmt::format("the {} was taken over by another", name_),
                {}, db_.path());
  }
}

void Lease::give_back() {
  held_ = false;
  Statement& drop = db_.cached("DELETE FROM lease WHERE name = ?1 AND token = ?2");
  drop.bind(1, name_).bind(2, token_);
  drop.run();
  drop.reset();
}

}  // namespace errata::store
