#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "base/files.h"
#include "importers/file_list.h"
#include "importers/predictions_csv.h"
#include "importers/predictions_npy.h"
#include "tests/importers/collecting_sink.h"
#include "tests/support/synthetic_dataset.h"
#include "tests/support/temp_dir.h"
#include "text/json.h"
#include "text/npy.h"

namespace errata::importers {
namespace {

using test::TempDir;

const CsvPredictionReader kCsv;
const NpyPredictionReader kNpy;
const ClassMap kCatDog(std::vector<std::string>{"cat", "dog"});

struct Options {
  ClassMap classes = kCatDog;
  bool classes_are_the_models = false;
  std::optional<PredictionKind> kind = {};
  std::string files_list = {};
  std::string member = {};
};

struct Read {
  CollectingPredictionSink sink;
  IssueLog issues;
  std::string error;  // what was thrown, with its hint

  Read(const PredictionReader& reader, const std::string& path, const Options& options = {}) {
    Progress progress;
    const CancelToken cancel;
    try {
      reader.run({path, options.files_list, options.member, options.kind, options.classes,
                  options.classes_are_the_models, progress, cancel, issues},
                 sink);
      CHECK(sink.all.keys.size() + issues.rejected() == sink.seen);
    } catch (const Error& e) {
      CHECK(e.category() == ErrorCategory::kBadInput);
      error = std::string(e.what()) + " | " + e.hint();
    }
  }
  size_t count(std::string_view kind) const {
    const auto counts = issues.count_by_kind();
    const auto found = counts.find(std::string(kind));
    return found == counts.end() ? 0 : found->second;
  }
  bool says(std::string_view text) const { return error.find(text) != std::string::npos; }
  std::string top(size_t row) const { return sink.header.classes[sink.all.top.at(row)].name; }
};

Read read_csv(const TempDir& dir, const std::string& text, const Options& options = {}) {
  return Read(kCsv, dir.write("p.csv", text), options);
}

TEST_CASE("CSV with a class and a confidence; faults are told with their row") {
  const TempDir dir;
  const Read read = read_csv(dir,
                             "\xEF\xBB\xBF"
                             "Path,Prediction,Confidence\r\n"
                             "a/1.jpg,dog,0.75\r\n"
                             "a/2.jpg,1,1\r\n"
                             "a/3.jpg,cat,nan\r\n"
                             "a/4.jpg,cat,93.5\r\n"
                             "a/5.jpg,,0.5\r\n"
                             "a/6.jpg,cat\r\n"
                             ",cat,0.5\r\n"
                             "\"a/7, x.jpg\",fish,0.25\r\n");
  REQUIRE(read.error == "");
  CHECK(read.sink.seen == 8);
  CHECK(read.sink.header.kind == PredictionKind::kTopOne);
  CHECK(read.sink.header.classes.names() == std::vector<std::string>{"cat", "dog", "fish"});
  CHECK(read.sink.all.keys == std::vector<std::string>{"a/1.jpg", "a/2.jpg", "a/7, x.jpg"});
  CHECK(read.sink.all.places == std::vector<std::string>{"row 2", "row 3", "row 9"});
  CHECK(read.top(0) == "dog");
  CHECK(read.top(1) == "dog");  // index 1
  CHECK(read.top(2) == "fish");
  CHECK(read.sink.all.confidence[0] == 0.75f);
  CHECK(read.count("nan-value") == 1);
  CHECK(read.count("not-a-probability") == 1);
  CHECK(read.count("missing-class") == 1);
  CHECK(read.count("wrong-field-count") == 1);
  CHECK(read.count("missing-path") == 1);
  CHECK(read.count("class-not-in-project") == 1);
}

TEST_CASE("with the model's own class map an unknown class rejects its row") {
  const TempDir dir;
  const Read read =
      read_csv(dir, "file,label\na.jpg,dog\nb.jpg,fish\n", {.classes_are_the_models = true});
  CHECK(read.sink.all.keys.size() == 1);
  CHECK(std::isnan(read.sink.all.confidence[0]));  // the file has none
  CHECK(read.count("unknown-class") == 1);
}

TEST_CASE("CSV with a column per class: by name, by prefix, with a class the project lacks") {
  const TempDir dir;
  const Read plain = read_csv(dir, "path,dog,cat\na,0.25,0.75\nb,1,0\n");
  REQUIRE(plain.error == "");
  CHECK(plain.sink.header.kind == PredictionKind::kProbabilities);
  CHECK(plain.sink.header.classes.names() == std::vector<std::string>{"dog", "cat"});
  CHECK(plain.sink.all.values == std::vector<float>{0.25f, 0.75f, 1, 0});
  CHECK(plain.sink.header.reason.find("probabilities") == 0);

  const Read ordered =
      read_csv(dir, "path,dog,cat\na,0.25,0.75\n", {.classes_are_the_models = true});
  CHECK(ordered.sink.header.classes.names() == std::vector<std::string>{"cat", "dog"});
  CHECK(ordered.sink.all.values == std::vector<float>{0.75f, 0.25f});

  const Read prefixed = read_csv(dir, "path,label,logit_0,logit_1\na,cat,-3.5,4\n");
  REQUIRE(prefixed.error == "");
  CHECK(prefixed.sink.header.kind == PredictionKind::kLogits);
  CHECK(prefixed.sink.header.classes.names() == std::vector<std::string>{"cat", "dog"});
  CHECK(prefixed.count("ignored-column") == 1);

  const Read wider = read_csv(dir, "path,cat,dog,fish\na,0.2,0.3,0.5\nb,0.1,0.1,0.8\n");
  CHECK(wider.sink.header.classes.names() == std::vector<std::string>{"cat", "dog", "fish"});
  CHECK(wider.count("class-not-in-project") == 1);

  const Read beside = read_csv(dir, "path,cat,dog,width\na,0.2,0.8,640\nb,0.1,0.9,480\n");
  CHECK(beside.sink.header.classes.names() == std::vector<std::string>{"cat", "dog"});
  CHECK(beside.count("ignored-column") == 1);
}

TEST_CASE("CSV matrix rows that are not sound are rejected with their row") {
  const TempDir dir;
  std::string text = "path,cat,dog\n";
  for (int i = 0; i < 200; ++i) text += fmt::format("{}.jpg,0.5,0.5\n", i);
  const Read read = read_csv(dir, text +
                                      "x1,nan,0.5\n"
                                      "x2,,0.5\n"
                                      "x3,0.9,0.9\n"
                                      "x4,-0.5,1.5\n"
                                      "x5,inf,0\n");
  REQUIRE(read.error == "");
  CHECK(read.sink.header.kind == PredictionKind::kProbabilities);
  CHECK(read.sink.all.keys.size() == 200);
  CHECK(read.count("nan-value") == 3);
  CHECK(read.count("not-a-probability") == 2);
  CHECK(read.issues.issues().front().place == "row 202");
}

TEST_CASE("a few broken rows do not turn probabilities into logits") {
  const TempDir dir;
  std::string text = "path,cat,dog\n";
  for (int i = 0; i < 40; ++i) text += fmt::format("{}.jpg,0.75,0.25\n", i);
  const Read read = read_csv(dir, text + "x1,1.8,0.2\nx2,-0.2,1.2\nx3,nan,1\nx4,0,0\n");
  REQUIRE(read.error == "");
  CHECK(read.sink.header.kind == PredictionKind::kProbabilities);
  CHECK(read.sink.all.keys.size() == 40);
  CHECK(read.count("not-a-probability") == 3);
  // Outputs of sigmoids may be asked for as probabilities; a row without any is none.
  const Read asked =
      read_csv(dir, "path,cat,dog\na,0.9,0.8\nb,0,0\n", {.kind = PredictionKind::kProbabilities});
  CHECK(asked.sink.all.keys.size() == 1);
  CHECK(asked.count("not-a-probability") == 1);
}

TEST_CASE("CSV files that are unusable as a whole") {
  const TempDir dir;
  CHECK(read_csv(dir, "").says("empty"));
  CHECK(read_csv(dir, "width,prediction\n1,cat\n").says("no column holds the images' paths"));
  CHECK(read_csv(dir, "path,width\na,3\n").says("no column holds the predicted class"));
  CHECK(read_csv(dir, "path,cat,dog\na,0.9,0.8\n").says("do not sum to 1"));
  CHECK(read_csv(dir, "path,cat,dog\na,30,70\nb,50,50\n").says("percentages"));
  CHECK(read_csv(dir, "path,prob_cat,prob_fish\na,0.5,0.5\n", {.classes_are_the_models = true})
            .says("'prob_fish'"));
  CHECK(read_csv(dir, "path,prob_cat,prob_dog\na,0.5,0.5\n",
                 {.classes = ClassMap(std::vector<std::string>{"cat", "dog", "fish"}),
                  .classes_are_the_models = true})
            .says("'fish' has none"));
  CHECK(read_csv(dir, "path,cat,dog\na,0.9,0.8\n", {.kind = PredictionKind::kProbabilities})
            .sink.all.keys.size() == 1);
}

TEST_CASE("timm's top-k columns give the first") {
  const TempDir dir;
  const Read read = read_csv(dir,
                             "filename,index_0,label_0,prob_0,index_1,label_1,prob_1\n"
                             "a.jpg,1,dog,0.7,0,cat,0.2\n");
  REQUIRE(read.error == "");
  CHECK(read.sink.header.kind == PredictionKind::kTopOne);
  CHECK(read.top(0) == "dog");
  CHECK(read.sink.all.confidence[0] == 0.7f);
  const Read lists = read_csv(dir,
                              "filename,index,label,prob\n"
                              "a.jpg,[1 0],['dog' 'cat'],[7.0e-01 2.0e-01]\n"
                              "b.jpg,[0 1],\"[\"\"cat\"\" 'dog']\",\"[0.5\n 0.25]\"\n");
  REQUIRE(lists.error == "");
  CHECK(lists.top(0) == "dog");
  CHECK(lists.top(1) == "cat");
  CHECK(lists.sink.all.confidence == std::vector<float>{0.7f, 0.5f});
}

// Writes an array and its list of files.
std::string write_array(const TempDir& dir, const std::vector<float>& values,
                        const std::vector<uint64_t>& shape, size_t files) {
  dir.write("m.npy", text::npy_bytes(values, shape));
  std::string list;
  for (size_t i = 0; i < files; ++i) list += fmt::format("{}.jpg\n", i);
  dir.write("m_files.txt", list);
  return dir / "m.npy";
}

TEST_CASE("NPY: probabilities and logits are told apart, NaN rows rejected with their row") {
  const TempDir dir;
  const Read probs(kNpy, write_array(dir, {0.5f, 0.5f, 1, 0}, {2, 2}, 2));
  REQUIRE(probs.error == "");
  CHECK(probs.sink.header.kind == PredictionKind::kProbabilities);
  CHECK(probs.sink.all.keys == std::vector<std::string>{"0.jpg", "1.jpg"});
  CHECK(probs.sink.all.values == std::vector<float>{0.5f, 0.5f, 1, 0});
  const Read logits(kNpy, write_array(dir, {-1.5f, 2.5f, NAN, 0, 3, 4}, {3, 2}, 3));
  CHECK(logits.sink.header.kind == PredictionKind::kLogits);
  CHECK(logits.sink.all.keys == std::vector<std::string>{"0.jpg", "2.jpg"});
  CHECK(logits.sink.all.values == std::vector<float>{-1.5f, 2.5f, 3, 4});
  CHECK(logits.count("nan-value") == 1);
  CHECK(logits.issues.issues().front().place == "row 1");
  CHECK(logits.issues.issues().front().text == "1.jpg");
  const Read log_probs(kNpy, write_array(dir, {std::log(0.25f), std::log(0.75f)}, {1, 2}, 1));
  CHECK(log_probs.sink.header.reason.find("logarithms") != std::string::npos);
  const Read forced(kNpy, write_array(dir, {0.5f, 0.1f}, {1, 2}, 1),
                    {.kind = PredictionKind::kLogits});
  CHECK(forced.sink.header.kind == PredictionKind::kLogits);
}

TEST_CASE("NPY of the wrong shape, dtype or length is refused with what to do") {
  const TempDir dir;
  CHECK(Read(kNpy, write_array(dir, {1, 0, 0}, {1, 3}, 1)).says("3 columns for 2 classes"));
  CHECK(Read(kNpy, write_array(dir, {1, 0, 0, 1}, {2, 2}, 3)).says("has 3 lines"));
  CHECK(Read(kNpy, write_array(dir, {1, 0, 0, 1, 1, 0}, {2, 3}, 3)).says("transposed"));
  CHECK(Read(kNpy, write_array(dir, std::vector<float>(8), {2, 2, 2}, 2)).says("row per image"));
  CHECK(Read(kNpy, write_array(dir, {0.9f, 0.8f}, {1, 2}, 1)).says("sigmoids"));
  CHECK(Read(kNpy, write_array(dir, {}, {0, 0}, 0)).says("no columns"));
  CHECK(Read(kNpy, dir.write("alone.npy", text::npy_bytes(std::vector<float>{1, 0},
                                                          std::vector<uint64_t>{1, 2})))
            .says("--files"));
  std::string object = text::npy_header_bytes("|O", std::vector<uint64_t>{2});
  CHECK(Read(kNpy, dir.write("object.npy", object)).says("pickle"));
  std::string complex = text::npy_header_bytes("<c8", std::vector<uint64_t>{1, 2});
  complex.append(16, '\0');
  CHECK(Read(kNpy, dir.write("complex.npy", complex)).says("complex64"));
  CHECK(
      Read(kNpy, dir.write("short.npy", complex.substr(0, complex.size() - 1))).says("cut short"));
  CHECK(Read(kNpy, dir.write("text.npy", "not numpy")).says("not an NPY"));
}

TEST_CASE("NPY: class indices, one sigmoid column, embeddings") {
  const TempDir dir;
  const std::vector<int64_t> indices = {1, 0, 5};
  dir.write("i.npy", text::npy_bytes(indices, std::vector<uint64_t>{3}));
  dir.write("i.txt", "a\nb\nc\n");
  const Read top(kNpy, dir / "i.npy");
  REQUIRE(top.error == "");
  CHECK(top.sink.header.kind == PredictionKind::kTopOne);
  CHECK(top.top(0) == "dog");
  CHECK(top.count("unknown-class") == 1);

  const Read sigmoid(kNpy, write_array(dir, {0.25f, 0.9f}, {2}, 2));
  REQUIRE(sigmoid.error == "");
  CHECK(sigmoid.sink.header.kind == PredictionKind::kProbabilities);
  CHECK(sigmoid.sink.all.values == std::vector<float>{0.75f, 0.25f, 1 - 0.9f, 0.9f});
  const Read logit(kNpy, write_array(dir, {-4, 7}, {2, 1}, 2));
  CHECK(logit.sink.header.kind == PredictionKind::kLogits);
  CHECK(logit.sink.all.values == std::vector<float>{0, -4, 0, 7});

  dir.write("val_embeddings.npy",
            text::npy_bytes(std::vector<float>(8, 3), std::vector<uint64_t>{2, 4}));
  dir.write("val_files.txt", "a\nb\n");
  const Read embedding(kNpy, dir / "val_embeddings.npy");
  REQUIRE(embedding.error == "");
  CHECK(embedding.sink.header.kind == PredictionKind::kEmbedding);
  CHECK(embedding.sink.header.columns == 4);
  CHECK(embedding.sink.header.classes.empty());
}

// An archive that NumPy made: see tests/text/data/make_npy_cases.py.
std::string npz(const TempDir& dir, const char* which) {
  const text::Json cases =
      text::read_json_file(join_path(test::source_dir(), "tests/text/data/npy_cases.json"));
  const std::string& hex = cases.at(which).as_string();
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  }
  return dir.write(std::string(which) + ".npz", bytes);
}

TEST_CASE("NPZ: the array of values by its name, the keys from inside or from a list") {
  const TempDir dir;
  const ClassMap four(std::vector<std::string>{"a", "b", "c", "d"});
  const Read inside(kNpy, npz(dir, "npz"), {.classes = four});
  REQUIRE(inside.error == "");
  CHECK(inside.sink.header.kind == PredictionKind::kLogits);
  CHECK(inside.sink.all.keys == std::vector<std::string>{"a", "b", "c"});
  CHECK(inside.sink.all.values[11] == 11);
  // The other archive has arr_0 of 3 rows and names of one row.
  CHECK(Read(kNpy, npz(dir, "npz_packed"), {.classes = four}).says("has 1 lines"));
  const std::string list = dir.write("list.txt", "x\ny\nz\n");
  const Read outside(kNpy, npz(dir, "npz_packed"), {.classes = four, .files_list = list});
  REQUIRE(outside.error == "");
  CHECK(outside.sink.all.keys == std::vector<std::string>{"x", "y", "z"});
  CHECK(Read(kNpy, npz(dir, "npz"), {.classes = four, .member = "files"}).says("numbers"));
  CHECK(kNpy.detect(npz(dir, "npz")).confidence > 90);
}

TEST_CASE("file lists: text, CSV, and where they are looked for") {
  const TempDir dir;
  dir.write("a_probs.npy", "x");
  CHECK(find_file_list(dir / "a_probs.npy").empty());
  dir.write("a_files.txt", "1.jpg\r\nwith space.jpg\r\n");
  CHECK(find_file_list(dir / "a_probs.npy") == dir / "a_files.txt");
  CHECK(read_file_list(dir / "a_files.txt") == std::vector<std::string>{"1.jpg", "with space.jpg"});
  dir.write("a_probs.txt", "");
  CHECK(find_file_list(dir / "a_probs.npy") == dir / "a_probs.txt");
  CHECK(read_file_list(dir.write("l.csv", "n,path\n1,x.jpg\n2,y.jpg\n")) ==
        std::vector<std::string>{"x.jpg", "y.jpg"});
  CHECK_THROWS_AS(read_file_list(dir.write("m.csv", "n,m\n1,2\n")), Error);
  CHECK_THROWS_AS(read_file_list(dir / "absent.txt"), Error);
}

TEST_CASE("large files come in bounded batches, whole and in order") {
  const TempDir dir;
  std::string text = "path,cat,dog\n";
  for (int i = 0; i < 10000; ++i) text += fmt::format("{}.jpg,{},{}\n", i, i % 2, 1 - i % 2);
  const Read csv = read_csv(dir, text);
  CHECK(csv.sink.batches == 3);
  REQUIRE(csv.sink.all.keys.size() == 10000);
  for (size_t i = 0; i < 10000; ++i) {
    REQUIRE(csv.sink.all.keys[i] == fmt::format("{}.jpg", i));
    REQUIRE(csv.sink.all.values[2 * i] == static_cast<float>(i % 2));
  }
  const Read npy(kNpy, write_array(dir, csv.sink.all.values, {10000, 2}, 10000));
  CHECK(npy.sink.batches == 3);
  CHECK(npy.sink.all.values == csv.sink.all.values);
  CHECK(npy.sink.all.keys == csv.sink.all.keys);
}

}  // namespace
}  // namespace errata::importers
