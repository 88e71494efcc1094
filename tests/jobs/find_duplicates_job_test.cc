#include "jobs/find_duplicates_job.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "analysis/image_quality.h"
#include "analysis/perceptual_hash.h"
#include "base/files.h"
#include "jobs/import_job.h"
#include "media/reader.h"
#include "media/resize.h"
#include "store/copy_pairs.h"
#include "store/sample_files.h"
#include "tests/jobs/job_parts.h"
#include "tests/support/temp_dir.h"
#include "text/json.h"

namespace errata::jobs {

namespace {

std::string data_folder() {
  return test::source_dir() + "/tests/jobs/data/";
}

media::Image read_image(const std::string& name) {
  return media::SampleReader().read(data_folder() + "quality/" + name, -1).image;
}

std::string_view as_text(const std::vector<uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// train/ and val/ with classes cat and dog, and known copies among them.
struct Planted : JobParts {
  Planted() : JobParts(2) {
    const media::Image plain = read_image("plain.jpg");
    const media::Image large = read_image("large.jpg");
    const std::string original = read_text_file(data_folder() + "quality/tall.jpg");
    dir.write("data/train/cat/tall.jpg", original);
    dir.write("data/train/cat/tall_again.jpg", original);
    dir.write("data/train/cat/plain_a.png", as_text(media::encode_png(plain, 1)));
    dir.write("data/val/cat/plain_b.png", as_text(media::encode_png(plain, 9)));
    dir.write("data/train/cat/large.png", as_text(media::encode_png(large, 1)));
    dir.write("data/train/dog/large_jpeg.jpg", as_text(media::encode_jpeg(large, 70)));
    dir.write(
        "data/train/dog/large_small.png",
        as_text(media::encode_png(media::resize(large, 350, 260, media::Filter::kBilinear), 1)));
    dir.write("data/train/dog/plain_flipped.png",
              as_text(media::encode_png(media::apply_orientation(plain, 2), 1)));
    dir.write("data/train/dog/grey.png", read_text_file(data_folder() + "quality/grey.png"));
    const std::string turned = read_text_file(data_folder() + "quality/turned.jpg");
    dir.write("data/train/dog/turned.jpg", turned);
    media::DecodeOptions upright;
    upright.apply_orientation = true;
    dir.write(
        "data/train/dog/turned_upright.png",
        as_text(media::encode_png(
            media::SampleReader().read(dir / "data/train/dog/turned.jpg", -1, upright).image, 1)));
    ImportJobOptions options;
    options.store_path = store;
    options.input_path = dir / "data";
    JobContext context = job();
    run_import(options, context);
  }
  FindDuplicatesReport find(bool exact = false, bool exclude = false) {
    FindDuplicatesOptions options;
    options.store_path = store;
    options.who = "tester";
    options.exact = exact;
    options.exclude = exclude;
    JobContext context = job();
    return find_duplicates(options, context);
  }

  test::TempDir dir;
  std::string store = dir / "s.db";
};

// "kind: kept | copies", by file name.
std::vector<std::string> told(const FindDuplicatesReport& report) {
  const Column& path = *report.state.snapshot.samples.find("path");
  std::vector<std::string> lines;
  for (const analysis::DuplicateGroup& group : report.groups) {
    std::string line = group.kind == analysis::DuplicateKind::kExact        ? "exact"
                       : group.kind == analysis::DuplicateKind::kSamePixels ? "pixels"
                                                                            : "near";
    if (group.conflict) line += " conflict";
    if (group.leak) line += " leak";
    for (const uint32_t member : group.members) {
      const std::string name = path.display(report.rows[member]);
      line += (member == group.kept() ? " +" : " -") + std::string(base_name(name));
    }
    lines.push_back(line);
  }
  return lines;
}

}  // namespace

TEST_CASE("perceptual hashes are imagehash's") {
  const text::Json expected = text::read_json_file(data_folder() + "cleanvision.json");
  size_t compared = 0;
  for (const auto& [name, reference] : expected.as_object()) {
    CAPTURE(name);
    const media::Image image = read_image(name);
    media::Image grey(image.width_px, image.height_px, 1);
    grey.pixels = analysis::to_grey({image.pixels, image.width_px, image.height_px});
    const std::optional<uint64_t> hash = analysis::perceptual_hash(
        media::resize(grey, 32, 32, media::Filter::kLanczos, media::PillowOrder::k13_0).pixels);
    if (name == "flat.png") {
      CHECK_FALSE(hash);
      continue;
    }
    REQUIRE(hash);
    const uint64_t theirs = std::stoull(reference.at("perceptual_hash").as_string(), nullptr, 16);
    CHECK(*hash == theirs);
    ++compared;
  }
  CHECK(compared >= 14);
}

TEST_CASE("planted copies are found: equal, saved anew, re-encoded, shrunk, turned; not flipped") {
  Planted planted;
  const FindDuplicatesReport report = planted.find();
  CHECK(report.looked_at == 11);
  CHECK(told(report) == std::vector<std::string>{
                            "near conflict +large.png -large_jpeg.jpg -large_small.png",
                            "pixels leak +plain_a.png -plain_b.png",
                            "exact +tall.jpg -tall_again.jpg",
                            "pixels +turned.jpg -turned_upright.png",
                        });
  CHECK(report.conflicts == 1);
  CHECK(report.leaks == 1);
  CHECK(report.copies == 5);
  CHECK(told(planted.find(true)) == std::vector<std::string>{
                                        "pixels leak +plain_a.png -plain_b.png",
                                        "exact +tall.jpg -tall_again.jpg",
                                        "pixels +turned.jpg -turned_upright.png",
                                    });
}

TEST_CASE("of plain pictures of few pixels the copies are told, and not the look-alikes") {
  // Thirty shirts in one pose, each with another small print, and of every third a poor JPEG and a
  // copy of twice the size in the other split.
  JobParts parts(2);
  test::TempDir dir;
  constexpr int kSide = 28;
  const auto shirt = [&](int print) {
    media::Image image(kSide, kSide, 3);
    for (int i = 0; i < kSide * kSide; ++i) {
      const int x = i % kSide, y = i / kSide;
      const bool body = x >= 7 && x < 21 && y >= 3;
      const bool sleeve = x >= 3 && x < 25 && y >= 3 && y < 10;
      const bool marked = x / 3 == 3 + print % 3 && y / 3 == 3 + print / 3 % 5 && body;
      const int level = (body || sleeve ? 185 + (x * 7 + y * 3) % 11 : 0) -
                        (marked ? (print < 15 ? 70 : 120) : 0);
      for (int c = 0; c < 3; ++c) image.pixels[i * 3 + c] = static_cast<uint8_t>(level);
    }
    return image;
  };
  for (int print = 0; print < 30; ++print) {
    const media::Image image = shirt(print);
    const std::string name = std::to_string(100 + print);
    dir.write("data/train/shirt/" + name + ".png", as_text(media::encode_png(image, 1)));
    if (print % 3 != 0) continue;
    dir.write("data/val/shirt/" + name + "_jpeg.jpg", as_text(media::encode_jpeg(image, 50)));
    dir.write("data/val/shirt/" + name + "_large.png",
              as_text(media::encode_png(media::resize(image, 56, 56, media::Filter::kBicubic), 1)));
  }
  ImportJobOptions import;
  import.store_path = dir / "s.db";
  import.input_path = dir / "data";
  JobContext context = parts.job();
  run_import(import, context);
  FindDuplicatesOptions options;
  options.store_path = import.store_path;
  const FindDuplicatesReport report = find_duplicates(options, context);
  const Column& path = *report.state.snapshot.samples.find("path");
  size_t found = 0;
  for (const analysis::DuplicateGroup& group : report.groups) {
    const auto number_of = [&](uint32_t member) {
      return std::string(base_name(path.display(report.rows[member]))).substr(0, 3);
    };
    CHECK(group.leak);
    for (const uint32_t member : group.members) {
      CHECK(number_of(member) == number_of(group.kept()));
      found += member != group.kept();
    }
  }
  CHECK(found == 20);
  CHECK(report.groups.size() == 10);
}

TEST_CASE("a copy of a copy in another split is told, kept in one part, and gone with the copies") {
  // Each is a copy of the next; the first is the largest, and no copy of the last.
  JobParts parts(2);
  test::TempDir dir;
  const auto write = [&](const std::string& path, int side, int level) {
    media::Image image(side, side, 3);
    for (int i = 0; i < side * side; ++i) {
      const int x = i % side * 32 / side, y = i / side * 32 / side;
      const bool spot = x > 12 && x < 18 && y > 12 && y < 18;
      const double shade =
          110 + 40 * std::sin(x / 3.0) * std::cos(y / 4.0) + 30 * std::sin(x / 7.0 + y / 5.0) + x;
      for (int c = 0; c < 3; ++c) {
        image.pixels[i * 3 + c] = static_cast<uint8_t>(shade + (spot ? level : 0));
      }
    }
    dir.write(path, as_text(media::encode_png(image, 1)));
  };
  write("data/train/a/first.png", 64, 0);
  write("data/train/a/middle.png", 32, 14);
  write("data/val/a/last.png", 32, 28);
  ImportJobOptions import;
  import.store_path = dir / "s.db";
  import.input_path = dir / "data";
  JobContext context = parts.job();
  run_import(import, context);
  FindDuplicatesOptions options;
  options.store_path = import.store_path;
  options.who = "tester";
  FindDuplicatesReport report = find_duplicates(options, context);
  CHECK(told(report) == std::vector<std::string>{"near +first.png -middle.png"});
  CHECK(report.leaks == 0);
  CHECK(report.leaks_between == 1);
  CHECK(report.conflicts_between == 0);
  store::Store store = store::Store::open(options.store_path, store::Access::kRead);
  auto pairs = store::read_copy_pairs(store);
  REQUIRE(pairs);
  REQUIRE(pairs->size() == 1);
  CHECK(pairs->front().a == report.state.snapshot.ids[report.rows[report.between[0].first]]);
  CHECK(pairs->front().b == report.state.snapshot.ids[report.rows[report.between[0].second]]);
  CHECK(pairs->front().hash_bits >= 0);
  CHECK(pairs->front().hash_bits <= options.radius);
  CHECK(std::isnan(pairs->front().similarity));
  const LoadedState state = load_state({options.store_path, "", "", false});
  const Column* group = state.snapshot.samples.find("duplicate_group");
  const Column* chain = state.snapshot.samples.find("duplicate_chain");
  REQUIRE(chain != nullptr);
  size_t grouped = 0;
  for (RowIndex row = 0; row < 3; ++row) {
    CHECK(chain->number(row) == 1);
    grouped += !group->is_null(row);
  }
  CHECK(grouped == 2);
  options.exclude = true;
  CHECK(find_duplicates(options, context).dropped.edits.size() == 1);
  report = find_duplicates(options, context);
  CHECK(report.groups.empty());
  CHECK(report.leaks_between == 0);
  pairs = store::read_copy_pairs(store);
  REQUIRE(pairs);
  CHECK(pairs->empty());
}

TEST_CASE("which of a group is to stay is kept beside its number") {
  Planted planted;
  const FindDuplicatesReport report = planted.find();
  const LoadedState state = load_state({planted.store, "", "", false});
  const Column* group = state.snapshot.samples.find("duplicate_group");
  const Column* kept = state.snapshot.samples.find("duplicate_kept");
  REQUIRE(kept != nullptr);
  size_t copies = 0;
  for (RowIndex row = 0; row < state.snapshot.ids.size(); ++row) {
    CHECK(kept->is_null(row) == group->is_null(row));
    copies += !kept->is_null(row) && kept->number(row) == 0;
  }
  CHECK(copies == report.copies);
}

TEST_CASE("copies are excluded in one batch, not where labels differ, and undone at once") {
  Planted planted;
  const FindDuplicatesReport report = planted.find(false, true);
  CHECK(report.dropped.edits.size() == 3);
  CHECK(told(planted.find()) ==
        std::vector<std::string>{"near conflict +large.png -large_jpeg.jpg -large_small.png"});
  store::Store store = store::Store::open(planted.store, store::Access::kWrite);
  store::undo(store, "tester");
  CHECK(planted.find().groups.size() == 4);
}

TEST_CASE("what was kept in review is not excluded as a copy") {
  Planted planted;
  store::Edit keep;
  {
    const FindDuplicatesReport before = planted.find();
    const analysis::DuplicateGroup* group = nullptr;
    for (const analysis::DuplicateGroup& each : before.groups) {
      if (!each.conflict) group = &each;
    }
    REQUIRE(group != nullptr);
    const uint32_t copy = group->members.back();
    REQUIRE(copy != group->kept());
    keep.sample = before.state.snapshot.ids[before.rows[copy]];
  }
  keep.kind = store::EditKind::kKeep;
  {
    store::Store store = store::Store::open(planted.store, store::Access::kWrite);
    store::apply_edits(store, std::vector{keep}, "tester", "");
  }
  const FindDuplicatesReport report = planted.find(false, true);
  CHECK(report.dropped.edits.size() == 2);
  for (const store::AppliedEdit& edit : report.dropped.edits) CHECK(edit.sample != keep.sample);
}

TEST_CASE("equal sums are not equal files: a file changed since the import is compared as it is") {
  Planted planted;
  // The store still says that both are equal.
  planted.dir.write("data/train/cat/tall_again.jpg",
                    read_text_file(data_folder() + "quality/dark.png"));
  const std::vector<std::string> lines = told(planted.find());
  CHECK(lines.size() == 3);
  CHECK(std::none_of(lines.begin(), lines.end(),
                     [](const std::string& line) { return line.starts_with("exact"); }));
}

TEST_CASE("a wrong name of embeddings is told before the pictures are looked at") {
  Planted planted;
  FindDuplicatesOptions options;
  options.store_path = planted.store;
  options.embeddings = "none";
  JobContext context = planted.job();
  CHECK_THROWS_AS(find_duplicates(options, context), Error);
  CHECK(planted.progress.stage() != "comparing images");
}

TEST_CASE("a radius that would call everything alike is refused") {
  FindDuplicatesOptions options;
  options.radius = 33;
  CHECK_THROWS_AS(options.check(), Error);
}

}  // namespace errata::jobs
