// Who works on what: an import of a source, a run. Internal to this folder.
#pragma once

#include <string>

#include "store/connection.h"

namespace errata::store {

// Takes the lease of a name within a write transaction of its own, and gives it back when
// destroyed. One left by a process of this machine that is gone is taken over; one of another
// machine, when it was not renewed for ten minutes.
class Lease {
 public:
  // `name` as people read it: "import of 'cats'". Error(kBusy) naming the holder.
  Lease(Connection& db, std::string name);
  ~Lease();
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  // To be called within the transactions of the work. Error(kConflict) when somebody took it over.
  void renew();
  // Within the caller's transaction; the destructor then does nothing.
  void give_back();

 private:
  Connection& db_;
  std::string name_;
  int64_t token_ = 0;
  bool held_ = false;
};

// What holds a lease, as stored.
struct LeaseRow {
  std::string name;
  std::string host;
  int64_t pid = 0;
  int64_t process_start = 0;
  std::string renewed_at;
};
bool lease_is_stale(const LeaseRow& lease);

}  // namespace errata::store
