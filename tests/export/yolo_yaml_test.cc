// data.yaml: what is made is read as what was meant, whatever the source's looked like.
#include "export/yolo_yaml.h"

#include <doctest/doctest.h>

#include "text/json.h"
#include "text/yaml.h"

using namespace errata;
using namespace errata::exports;

namespace {

const YoloData kData{{{{"images/train"}, {"images/val"}, {}}}, {"apple", "b"}};
constexpr std::string_view kOwn =
    "train: images/train\nval: images/val\nnames:\n  0: apple\n  1: b\n";

std::string made_from(const std::string& source) {
  return yolo_yaml(kData, source);
}

}  // namespace

TEST_CASE("data.yaml: a source that says the same stays, byte for byte") {
  for (const std::string source : {
           "# by hand\ntrain: images/train\nval: images/val\nnames: {0: apple, 1: b}\n\n",
           "{train: images/train, val: images/val, names: {0: apple, 1: b}, channels: 3}",
           "'train': images/train\n\"val\": images/val\nnames: {0: old}\nnames: {0: apple, 1: b}",
       }) {
    CHECK(made_from(source) == source);
  }
}

TEST_CASE("data.yaml: keys of the source that are not ours follow as they are written") {
  CHECK(made_from("").starts_with(kOwn));
  CHECK(made_from("names: [a, b]\ntrain: x\nkpt_shape: [2, 3] # two\nflip_idx:\n- 1\n- 0\nnc: 2") ==
        std::string(kOwn) + "kpt_shape: [2, 3] # two\nflip_idx:\n- 1\n- 0\n");
  CHECK(made_from("\"names\": [a, b]\n'train': images\n\"val\" : images\n\"channels\": 3\n") ==
        std::string(kOwn) + "\"channels\": 3\n");
}

TEST_CASE(
    "data.yaml: where the source's lines do not hold elsewhere its other keys are made anew") {
  for (const std::string source : {
           "{path: ., train: images, val: images, names: [a, b], kpt_shape: [2, 3],\n"
           "roboflow: {workspace: 'a: b', \"yes\": [1.5, x]}}\n",
           "--- {names: [a, b], kpt_shape: [2, 3], roboflow: {workspace: 'a: b', yes: [1.5, x]}}\n"
           "...\n--- {names: [other]}\n",
           "names: &list [a, b]\nkpt_shape: &shape [2, 3]\n? train\n: images\n"
           "roboflow: {workspace: 'a: b', yes: [1.5, x]}\nval: *list\n",
       }) {
    const std::string made = made_from(source);
    INFO(made);
    const text::Json tree = text::parse_yaml(made, "");
    CHECK(tree.dump() ==
          R"({"train": "images/train", "val": "images/val", "names": {"0": "apple", "1": "b"}, )"
          R"("kpt_shape": ["2", "3"], "roboflow": {"workspace": "a: b", "yes": ["1.5", "x"]}})");
  }
  CHECK(made_from("{names: [a], kpt_shape: [2, 3], roboflow: {workspace: 'a: b', yes: [1.5, x]}}")
            .ends_with(std::string(kOwn) +
                       "kpt_shape: [2, 3]\nroboflow: {workspace: \"a: b\", yes: [1.5, x]}\n"));
  CHECK(made_from("this is: no: yaml: [") == kOwn);
  CHECK(made_from("- a list") == kOwn);
}

TEST_CASE("data.yaml: names stay what they are") {
  const std::vector<std::string> names{"no",
                                       "3",
                                       "1e3",
                                       "",
                                       " a ",
                                       "a: b",
                                       "#x",
                                       "\x7F",
                                       "\xC2\x85",
                                       "a\xE2\x80\xA8"
                                       "b",
                                       "tab\there",
                                       "'\"\\",
                                       "~",
                                       "T-shirt/top"};
  const std::string made = yolo_yaml({{}, names}, "");
  const text::Json tree = text::parse_yaml(made, "");
  for (size_t i = 0; i < names.size(); ++i) {
    CHECK(tree.at("names").at(std::to_string(i)).as_string() == names[i]);
  }
  // What YAML does not let stand as it is.
  CHECK(made.find('\x7F') == std::string::npos);
  CHECK(made.find("\xE2\x80\xA8") == std::string::npos);
}
