// A real file system without room, where one may be mounted.
#include <doctest/doctest.h>
#include <sys/mount.h>

#include <iostream>

#include "base/files.h"
#include "store/dump.h"
#include "store/store.h"
#include "tests/jobs/program.h"
#include "tests/support/synthetic_dataset.h"
#include "tests/support/temp_dir.h"

namespace errata::test {

namespace {

// A tmpfs of `bytes`, unmounted at the end.
class SmallDisk {
 public:
  SmallDisk(const std::string& path, size_t bytes) : path_(path) {
    make_directories(path);
    const std::string options = "size=" + std::to_string(bytes);
    mounted_ = ::mount("tmpfs", path.c_str(), "tmpfs", 0, options.c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }

 private:
  std::string path_;
  bool mounted_ = false;
};

}  // namespace

TEST_CASE("on a full disk the import stops with the reason, and goes on once there is room") {
  const TempDir dir;
  SmallDisk disk(dir / "disk", 192 * 1024);
  if (!disk.mounted()) {
    std::cout << "SKIPPED: a small file system cannot be mounted here\n";
    return;
  }
  SyntheticOptions options;
  options.images_per_class = 300;
  make_synthetic_dataset(dir / "photos", options);
  REQUIRE(run_errata({"-s", dir / "whole.db", "import", dir / "photos"}).exit_code == 0);
  const std::string store = dir / "disk/s.db";
  const Ended full = run_errata({"-s", store, "import", dir / "photos"});
  INFO(full.output);
  CHECK(full.exit_code == 7);
  CHECK(full.output.find("disk is full") != std::string::npos);
  REQUIRE(::mount("tmpfs", (dir / "disk").c_str(), "tmpfs", MS_REMOUNT, "size=16m") == 0);
  const Ended again = run_errata({"-s", store, "import", dir / "photos"});
  INFO(again.output);
  REQUIRE(again.exit_code == 0);
  store::Store whole = store::Store::open(dir / "whole.db", store::Access::kRead);
  store::Store went_on = store::Store::open(store, store::Access::kRead);
  CHECK(store::dump_store(went_on) == store::dump_store(whole));
}

TEST_CASE("an export onto a full disk leaves nothing behind") {
  const TempDir dir;
  SmallDisk disk(dir / "disk", 256 * 1024);
  if (!disk.mounted()) {
    std::cout << "SKIPPED: a small file system cannot be mounted here\n";
    return;
  }
  SyntheticOptions options;
  options.images_per_class = 100;
  make_synthetic_dataset(dir / "photos", options);
  const std::string store = dir / "s.db";
  REQUIRE(run_errata({"-s", store, "import", dir / "photos"}).exit_code == 0);
  const Ended full = run_errata({"-s", store, "export", "--to", dir / "disk/out"});
  INFO(full.output);
  CHECK(full.exit_code == 7);
  CHECK(!file_exists(dir / "disk/out"));
}

}  // namespace errata::test
