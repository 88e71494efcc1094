// Small YAML files (a dataset's data.yaml) as a JSON tree.
#pragma once

#include <string>
#include <string_view>

#include "text/json.h"

namespace errata::text {

// The first document of `text`. Every scalar is a text as it is written, so that a class called no,
// 1e3 or 007 stays that; an empty one and ~ without quotes are null. Of equal keys all are kept, in
// order. Throws Error(kBadInput) with the line for what is no YAML, or stands for more than 100,000
// values (references count as often as they are used); `where` names it.
Json parse_yaml(std::string_view text, const std::string& where);

// The member that counts of equal keys: the last one, as PyYAML has it. nullptr where there is none
// that is not null, or `value` is no object.
const Json* last_member(const Json& value, std::string_view key);

}  // namespace errata::text
