#include "store/copy_pairs.h"

#include <doctest/doctest.h>

#include <cmath>

#include "base/workers.h"
#include "store/doctor.h"
#include "store/score_columns.h"
#include "tests/store/store_kit.h"
#include "tests/support/temp_dir.h"

namespace errata::test {

TEST_CASE("pairs of copies come back as they were put, and go with the chains they belong to") {
  TempDir dir;
  store::Store store = store::Store::create(dir / "errata.db");
  import_records(store, make_records(5, 2), make_classes(2));
  const store::ScoreColumn chains{0, store::kCopyChainScore, {1, 2, 3}, {1, 1, 1}, 0};
  const std::vector<store::CopyPair> pairs{{1, 3, 4, std::nanf("")}, {2, 3, -1, 0.75F}};
  CHECK_THROWS_AS(store::put_copy_pairs(store, pairs), Error);
  CHECK_FALSE(store::read_copy_pairs(store));
  store::put_score_column(store, chains);
  CHECK_FALSE(store::read_copy_pairs(store));
  store::put_copy_pairs(store, pairs);
  std::optional<std::vector<store::CopyPair>> read = store::read_copy_pairs(store);
  REQUIRE(read);
  REQUIRE(read->size() == 2);
  CHECK(read->at(0).a == 1);
  CHECK(read->at(0).b == 3);
  CHECK(read->at(0).hash_bits == 4);
  CHECK(std::isnan(read->at(0).similarity));
  CHECK(read->at(1).hash_bits == -1);
  CHECK(read->at(1).similarity == 0.75F);
  Progress progress;
  CancelToken cancel;
  CHECK(
      store::check_store(store, {.level = store::DoctorLevel::kStore}, serial_for, progress, cancel)
          .empty());
  store::put_copy_pairs(store, {});
  read = store::read_copy_pairs(store);
  REQUIRE(read);
  CHECK(read->empty());
  store::put_copy_pairs(store, pairs);
  store::put_score_column(store, chains);
  CHECK_FALSE(store::read_copy_pairs(store));
}

}  // namespace errata::test
