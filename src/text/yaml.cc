#include "text/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "base/error.h"
#include "base/text.h"

namespace errata::text {

namespace {

constexpr size_t kMostValues = 100'000;
constexpr int kDeepest = 64;

class Converter {
 public:
  explicit Converter(const std::string& where) : where_(where) {}

  Json convert(const YAML::Node& node, int depth) {
    if (++values_ > kMostValues || depth > kDeepest) {
      throw Error(ErrorCategory::kBadInput,
                  fmt::format("the YAML has more than {} values or {} levels",
                              with_thousands(kMostValues), kDeepest),
                  "", where_);
    }
    if (node.IsSequence()) {
      Json array = Json::array();
      for (const YAML::Node& element : node) array.push_back(convert(element, depth + 1));
      return array;
    }
    if (node.IsMap()) {
      Json::Object members;
      for (const auto& member : node) {
        const YAML::Node& key = member.first;
        if (!key.IsScalar()) {
          throw Error(ErrorCategory::kBadInput,
                      fmt::format("a key that is no text in line {}", key.Mark().line + 1), "",
                      where_);
        }
        members.emplace_back(to_valid_utf8(key.Scalar()), convert(member.second, depth + 1));
      }
      return Json(std::move(members));
    }
    if (node.IsScalar()) return Json(to_valid_utf8(node.Scalar()));
    return {};
  }

 private:
  const std::string& where_;
  size_t values_ = 0;
};

}  // namespace

Json parse_yaml(std::string_view text, const std::string& where) {
  try {
    return Converter(where).convert(YAML::Load(std::string(text)), 0);
  } catch (const YAML::Exception& error) {
    throw Error(ErrorCategory::kBadInput,
                fmt::format("this is no YAML at line {}: {}", error.mark.line + 1, error.msg), "",
                where);
  }
}

const Json* last_member(const Json& value, std::string_view key) {
  const Json* found = nullptr;
  if (!value.is_object()) return found;
  for (const auto& [name, member] : value.as_object()) {
    if (name == key && !member.is_null()) found = &member;
  }
  return found;
}

}  // namespace errata::text
