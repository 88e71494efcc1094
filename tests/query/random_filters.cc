#include "tests/query/random_filters.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "query/filter.h"

namespace errata::query::test {

namespace {

const std::vector<std::string> kLabels{"cat", "dog", "Cat", "naïve", "猫",      "it's", "5",
                                       "0.5", "",    "a_b", "50%",   "caf\xe9", "😀",    "1.0e+20"};
const std::vector<std::string> kPaths{"train/cat/1.jpg",
                                      "train/dog/img_2.JPG",
                                      "Ünïcode/猫 3.png",
                                      "a%b",
                                      "5",
                                      "",
                                      "x'y",
                                      "\xff\xfe",
                                      "train/cat/10.jpg",
                                      "12"};
const std::vector<std::string> kTags{"x", "hard", "Night", "5", "夜", "a_b"};
constexpr float kFloats[] = {0.1f,
                             0.5f,
                             0.9f,
                             1.0f,
                             0.0f,
                             -0.0f,
                             0.25f,
                             1e-40f,
                             -3.5f,
                             1e30f,
                             std::numeric_limits<float>::infinity(),
                             16777216.0f};
constexpr double kDoubles[] = {0.1,
                               0.5,
                               -2.5,
                               1e18,
                               9007199254740992.0,
                               1e300,
                               9.3e18,
                               -9.3e18,
                               1e-300,
                               3.0,
                               640.0,
                               0.0,
                               -std::numeric_limits<double>::infinity()};
constexpr int64_t kInts[] = {0,
                             1,
                             -1,
                             2,
                             3,
                             5,
                             12,
                             640,
                             480,
                             9007199254740993,
                             9007199254740992,
                             std::numeric_limits<int64_t>::max(),
                             std::numeric_limits<int64_t>::min(),
                             1000000000000000000};

template <typename T, typename Values>
std::vector<T> sample(std::mt19937_64& random, size_t rows, const Values& values) {
  std::vector<T> out;
  for (size_t i = 0; i < rows; ++i) out.push_back(values[random() % std::size(values)]);
  return out;
}

void punch_nulls(std::mt19937_64& random, Column& column) {
  for (RowIndex row = 0; row < column.rows; ++row) {
    if (random() % 6 == 0) column.set_null(row);
  }
}

std::shared_ptr<Dictionary> dictionary_of(const std::vector<std::string>& texts, size_t first,
                                          size_t step) {
  auto dictionary = std::make_shared<Dictionary>();
  for (size_t i = first; i < texts.size() + first; i += step) {
    dictionary->add(texts[(i * 5) % texts.size()]);
  }
  return dictionary;
}

Column random_category(std::mt19937_64& random, std::string name, size_t rows,
                       std::shared_ptr<const Dictionary> dictionary, bool nulls) {
  std::vector<int32_t> codes;
  for (size_t i = 0; i < rows; ++i) {
    const bool null = nulls && random() % 7 == 0;
    codes.push_back(null ? -1 : static_cast<int32_t>(random() % dictionary->size()));
  }
  return make_category_column(std::move(name), std::move(codes), std::move(dictionary));
}

Column random_set(std::mt19937_64& random, std::string name, size_t rows) {
  Column column;
  column.name = std::move(name);
  column.type = ColumnType::kSet;
  column.rows = rows;
  column.dictionary = dictionary_of(kTags, 0, 1);
  column.offsets.push_back(0);
  for (size_t i = 0; i < rows; ++i) {
    for (int32_t code = 0; code < static_cast<int32_t>(kTags.size()); ++code) {
      if (random() % 5 == 0) column.codes.push_back(code);
    }
    column.offsets.push_back(column.codes.size());
  }
  return column;
}

}  // namespace

Table random_table(size_t rows, uint64_t seed) {
  std::mt19937_64 random(seed);
  Table table(rows);
  table.active_run = "a";
  const auto add = [&](Column column, bool nulls) {
    if (nulls) punch_nulls(random, column);
    table.add(std::move(column));
  };
  std::vector<int64_t> ids;
  std::vector<uint8_t> flags;
  std::vector<float> confidences;
  for (size_t i = 0; i < rows; ++i) {
    ids.push_back(static_cast<int64_t>(i) + 1);
    flags.push_back(random() % 2);
    confidences.push_back(random() % 9 == 0 ? std::nanf("")
                                            : static_cast<float>(random() % 1000) / 999.0f);
  }
  add(make_int_column("id", ids), false);
  add(make_int_column("width", sample<int64_t>(random, rows, kInts)), true);
  add(make_int_column("height", sample<int64_t>(random, rows, kInts)), false);
  add(make_bool_column("excluded", flags), false);
  add(make_bool_column("attr.night", sample<uint8_t>(random, rows, std::vector{0, 1})), true);
  add(make_float_column("confidence@a", confidences), false);
  add(make_float_column("confidence@b", sample<float>(random, rows, kFloats)), true);
  add(make_double_column("score", sample<double>(random, rows, kDoubles)), true);
  const auto labels = dictionary_of(kLabels, 0, 1);
  add(random_category(random, "label", rows, labels, true), false);
  add(random_category(random, "label_given", rows, labels, false), false);
  add(random_category(random, "prediction@a", rows, dictionary_of(kLabels, 3, 2), true), false);
  add(random_category(random, "prediction@b", rows, dictionary_of(kLabels, 1, 3), true), true);
  add(make_text_column("path", sample<std::string>(random, rows, kPaths)), false);
  add(make_text_column("attr.my name", sample<std::string>(random, rows, kLabels)), true);
  add(random_set(random, "tags", rows), false);
  return table;
}

RandomFilter FilterMaker::make() {
  out_ = {};
  condition(static_cast<int>(pick(4)));
  return out_;
}

void FilterMaker::both(const std::string& text) {
  out_.ours += text;
  out_.sql += text;
}

void FilterMaker::choose(std::initializer_list<const char*> texts) {
  both(*(texts.begin() + pick(texts.size())));
}

void FilterMaker::condition(int depth) {
  if (depth <= 0) return predicate(1);
  switch (pick(7)) {
    case 0:
    case 1: return chain(" and ", depth);
    case 2:
    case 3: return chain(" or ", depth);
    case 4:
      both("not ");
      if (chance(50)) return predicate(depth);
      both("(");
      condition(depth - 1);
      return both(")");
    case 5:
      both("(");
      condition(depth - 1);
      both(")");
      return choose({" is true", " is not true", " is false", " is not false", " is null",
                     " is not null", " = true", " != 0"});
    default: return predicate(depth);
  }
}

// Without parentheses now and then, so that precedence is compared too.
void FilterMaker::chain(const char* word, int depth) {
  const size_t parts = 2 + pick(3);
  for (size_t i = 0; i < parts; ++i) {
    if (i > 0) both(word);
    const bool bare = chance(40);
    if (!bare) both("(");
    condition(depth - 1);
    if (!bare) both(")");
  }
}

void FilterMaker::predicate(int depth) {
  const size_t kind = pick(20);
  if (kind < 9) return number_predicate(depth);
  if (kind < 15) return text_predicate();
  if (kind < 18) return set_predicate();
  if (kind == 18) return number_column();
  choose({"true", "false", "null", "1", "0", "0.5", "'a' < 'b'", "'a' like 'A'", "1 = 1.0",
          "1 in ()", "null in ()", "null in (1)", "'a' in ('a', null)", "2 not in (1, null)"});
}

void FilterMaker::compare_op() {
  choose({" = ", " == ", " != ", " <> ", " < ", " <= ", " > ", " >= "});
}

void FilterMaker::number_predicate(int depth) {
  switch (pick(6)) {
    case 0:
      number(depth);
      choose({" between ", " not between "});
      number(depth - 1);
      both(" and ");
      return number(depth - 1);
    case 1: {
      chance(80) ? number_column() : number(depth);
      choose({" in (", " not in ("});
      const size_t items = pick(4) == 0 ? 14 : 1 + pick(4);
      for (size_t i = 0; i < items; ++i) {
        if (i > 0) both(", ");
        number_item();
      }
      return both(")");
    }
    case 2:
      number(depth);
      return choose({" is null", " is not null", " isnull", " notnull", " not null"});
    case 3:
      number_column();
      choose({" is ", " is not "});
      return number(0);
    default: return number_comparison(depth);
  }
}

void FilterMaker::number_comparison(int depth) {
  if (chance(12)) {
    number_column();
    compare_op();
    return choose({"'640'", "' 5 '", "'0.5'", "'1e3'", "'-1'", "'.5'", "'+3'", "'3.0'",
                   "'9223372036854775807'", "'9223372036854775808'"});
  }
  if (chance(10)) {
    both("(");
    predicate(0);
    both(")");
  } else {
    number(depth);
  }
  compare_op();
  number(depth - 1);
}

void FilterMaker::number(int depth) {
  if (depth <= 0 || chance(50)) return chance(70) ? number_column() : number_literal();
  if (chance(15)) {
    both("-(");
    number(depth - 1);
    return both(")");
  }
  const bool bare = chance(40);
  if (!bare) both("(");
  number(depth - 1);
  choose({" + ", " - ", " * ", " / ", " % "});
  number(depth - 1);
  if (!bare) both(")");
}

void FilterMaker::number_column() {
  switch (pick(9)) {
    case 0: return both("id");
    case 1: return both("width");
    case 2: return both(chance(50) ? "Height" : "height");
    case 3: return both("excluded");
    case 4: return both("score");
    case 5:
      out_.ours += chance(50) ? "confidence" : "run('a').confidence";
      out_.sql += "\"confidence@a\"";
      return;
    case 6:
      out_.ours += chance(50) ? "run('b').confidence" : "\"confidence@b\"";
      out_.sql += "\"confidence@b\"";
      return;
    case 7:
      out_.ours += chance(50) ? "attr.night" : "attr.\"night\"";
      out_.sql += "\"attr.night\"";
      return;
    default: return both("\"score\"");
  }
}

void FilterMaker::number_literal() {
  switch (pick(6)) {
    case 0: return both(fmt::format("{}", kInts[pick(std::size(kInts) - 2)]));
    case 1: return both(fmt::format("{}", static_cast<int>(pick(50)) - 5));
    case 2: return both(fmt::format("{}", static_cast<double>(pick(1000)) / 999.0));
    case 3: return both(quote_number(static_cast<double>(static_cast<float>(pick(1000)) / 999.0f)));
    case 4: return both(quote_number(static_cast<double>(kFloats[pick(std::size(kFloats))])));
    default:
      return choose({"0.5", ".25", "1e18", "9007199254740993", "9007199254740992.0", "0x10", "true",
                     "1e300", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
                     "9.2233720368547758e18", "5.", "1E-2", "null", "9e999", "-2.5", "-0.0"});
  }
}

void FilterMaker::number_item() {
  if (chance(8)) return both("null");
  chance(85) ? number_literal() : number_column();
}

void FilterMaker::text_column() {
  switch (pick(7)) {
    case 0: return both("label");
    case 1: return both("label_given");
    case 2:
      out_.ours += chance(50) ? "prediction" : "run('a').prediction";
      out_.sql += "\"prediction@a\"";
      return;
    case 3:
      out_.ours += "run('b').prediction";
      out_.sql += "\"prediction@b\"";
      return;
    case 4: return both("path");
    case 5:
      out_.ours += chance(50) ? "attr.\"my name\"" : "\"attr.my name\"";
      out_.sql += "\"attr.my name\"";
      return;
    default: return both("LABEL");
  }
}

void FilterMaker::category_literal() {
  const size_t kind = pick(12);
  if (kind == 0)
    return choose({"5", "0.5", "0.50", "12", "-1", "1e20", "5.0", "100000000000000000000"});
  if (kind == 1) return both("null");
  if (kind < 9) return both(quote_text(kLabels[pick(kLabels.size())]));
  both(quote_text(kPaths[pick(kPaths.size())]));
}

void FilterMaker::text_operand() {
  chance(75) ? category_literal() : text_column();
}

void FilterMaker::text_items() {
  both("(");
  const size_t items = pick(5);
  for (size_t i = 0; i < items; ++i) {
    if (i > 0) both(", ");
    chance(90) ? category_literal() : text_column();
  }
  both(")");
}

void FilterMaker::pattern() {
  std::string text;
  const size_t parts = pick(5);
  for (size_t i = 0; i < parts; ++i) {
    constexpr const char* kParts[] = {"%", "_", "%", "a",  "CAT", "/",    "猫",   "ï", "!%", "!_",
                                      "é", "T", "5", "tr", "!!",  ".jpg", "\xff", "😀", "."};
    text += kParts[pick(std::size(kParts))];
  }
  both(quote_text(text));
  if (chance(40)) both(" escape '!'");
}

void FilterMaker::text_predicate() {
  switch (pick(6)) {
    case 0:
      text_column();
      choose({" in ", " not in "});
      return text_items();
    case 1:
      text_column();
      choose({" between ", " not between "});
      text_operand();
      both(" and ");
      return text_operand();
    case 2: text_column(); return choose({" is null", " is not null", " isnull", " notnull"});
    case 3:
      text_column();
      choose({" like ", " not like "});
      return pattern();
    case 4:
      text_column();
      choose({" is ", " is not "});
      return text_operand();
    default:
      if (chance(20)) {
        category_literal();
        compare_op();
        return text_column();
      }
      text_column();
      compare_op();
      text_operand();
  }
}

// In SQLite: a subquery over the members.
void FilterMaker::set_predicate() {
  const auto member = [&](const std::string& test, bool negated) {
    out_.sql += fmt::format("{}exists (select 1 from tags where tags.row = t.id and value {})",
                            negated ? "not " : "", test);
  };
  const auto literal = [&] {
    return chance(10) ? std::string("5") : quote_text(kTags[pick(kTags.size())]);
  };
  const bool negated = chance(40);
  switch (pick(5)) {
    case 0: {
      const std::string list =
          fmt::format("({}, {}{})", literal(), literal(), chance(15) ? ", null" : "");
      out_.ours += fmt::format("tags {}in {}", negated ? "not " : "", list);
      return member("in " + list, negated);
    }
    case 1: {
      const std::string bounds = fmt::format("between {} and {}", literal(), literal());
      out_.ours += fmt::format("tags {}{}", negated ? "not " : "", bounds);
      return member(bounds, negated);
    }
    case 2: {
      constexpr const char* kPatterns[] = {"'%a%'", "'_'", "'H%'",
                                           "'夜'",  "'%'", "'a!_%' escape '!'"};
      const std::string test = fmt::format("like {}", kPatterns[pick(std::size(kPatterns))]);
      out_.ours += fmt::format("tags {}{}", negated ? "not " : "", test);
      return member(test, negated);
    }
    case 3:
      out_.ours += fmt::format("tags is{} null", negated ? " not" : "");
      out_.sql +=
          fmt::format("{}exists (select 1 from tags where tags.row = t.id)", negated ? "" : "not ");
      return;
    default: {
      const std::string value = literal();
      constexpr const char* kOps[] = {"=", "<", "<=", ">", ">="};
      const std::string op = kOps[pick(std::size(kOps))];
      if (negated) {
        out_.ours += fmt::format("tags != {}", value);
        return member("= " + value, true);
      }
      out_.ours += fmt::format("tags {} {}", op, value);
      return member(op + " " + value, false);
    }
  }
}

}  // namespace errata::query::test
