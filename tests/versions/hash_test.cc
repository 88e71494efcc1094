#include "versions/hash.h"

#include <doctest/doctest.h>

#include "base/random.h"

using namespace errata;
using namespace errata::versions;

TEST_CASE("the hash is the one the header documents") {
  // Made with Python's hashlib by the header's text alone; see hash_reference.py.
  std::vector<Sha256Digest> none;
  CHECK(hash_of_entries(none) ==
        "errata1:ba782e17388add118b8802f9c1fdab535ed9cac1c804c51f5937b29cf0b96948");
  const std::vector<HashEntry> entries{{sha256("a"), {"cat"}, "train"},
                                       {sha256("b"), {"T-shirt/top", "été", "cat"}, ""},
                                       {sha256("b"), {}, "test"}};
  CHECK(canonical_hash(entries, serial_for) ==
        "errata1:f6cd79fcc7dc132bcefc01577b607bbb3cdd1763061f00d4e9b5875d3309cfe7");
}

TEST_CASE("order, the order of labels and repeated labels do not matter; everything else does") {
  const HashEntry a{sha256("a"), {"cat", "dog"}, "train"};
  const HashEntry b{sha256("b"), {"dog"}, ""};
  const auto hash = [](std::vector<HashEntry> entries) {
    return canonical_hash(entries, serial_for);
  };
  const std::string base = hash({a, b});
  CHECK(hash({b, a}) == base);
  CHECK(hash({{a.content, {"dog", "cat", "cat"}, "train"}, b}) == base);
  CHECK(hash({a, b, b}) != base);
  CHECK(hash({a}) != base);
  CHECK(hash({{a.content, {"cat"}, "train"}, b}) != base);
  CHECK(hash({{a.content, a.class_names, "test"}, b}) != base);
  CHECK(hash({{sha256("c"), a.class_names, a.split}, b}) != base);
  // Lengths are part of it: names cannot run into each other.
  CHECK(hash({{a.content, {"ab", "c"}, ""}}) != hash({{a.content, {"a", "bc"}, ""}}));
}

TEST_CASE("the workers do not matter") {
  std::vector<HashEntry> entries;
  for (int i = 0; i < 20'000; ++i) entries.push_back({sha256(std::to_string(i)), {"x"}, "train"});
  WorkerGroup workers(3);
  const std::string base = canonical_hash(entries, serial_for);
  Rng(5).shuffle(entries);
  CHECK(canonical_hash(entries, workers.as_parallel_for()) == base);
}
