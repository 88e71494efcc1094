#include "query/completion.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "model/scores.h"
#include "query/column_names.h"
#include "query/filter.h"
#include "query/lexer.h"

namespace errata::query {

namespace {

using Tokens = std::vector<Token>;

bool is_symbol(const Token& token, std::string_view symbol) {
  return token.kind == TokenKind::kSymbol && token.text == symbol;
}
bool is_word(const Token& token, std::string_view word) {
  return token.kind == TokenKind::kWord && to_lower_ascii(token.text) == word;
}
bool is_name(const Token& token) {
  return token.kind == TokenKind::kQuotedName ||
         (token.kind == TokenKind::kWord && !is_keyword(token.text));
}
bool is_comparison(const Token& token) {
  constexpr std::string_view kOps[] = {"=", "!=", "<", "<=", ">", ">="};
  return token.kind == TokenKind::kSymbol &&
         std::find(std::begin(kOps), std::end(kOps), token.text) != std::end(kOps);
}

// The column written by the tokens that end before `end`, and where it begins; nullptr when they
// write none. `end` moves to its first token.
const Column* column_before(const Tokens& tokens, size_t& end, const Table& table) {
  if (end == 0 || tokens[end - 1].kind == TokenKind::kEnd) return nullptr;
  size_t at = end - 1;
  std::string name = tokens[at].text;
  if (tokens[at].kind != TokenKind::kWord && tokens[at].kind != TokenKind::kQuotedName) {
    return nullptr;
  }
  while (
      at >= 2 && is_symbol(tokens[at - 1], ".") &&
      (tokens[at - 2].kind == TokenKind::kWord || tokens[at - 2].kind == TokenKind::kQuotedName)) {
    at -= 2;
    name = tokens[at].text + "." + name;
  }
  end = at;
  if (at >= 5 && is_symbol(tokens[at - 1], ".") && is_symbol(tokens[at - 2], ")") &&
      tokens[at - 3].kind == TokenKind::kText && is_symbol(tokens[at - 4], "(") &&
      is_word(tokens[at - 5], "run")) {
    end = at - 5;
    return find_column(table, name, tokens[at - 3].text);
  }
  return find_column(table, name);
}

struct Context {
  enum class Wants : uint8_t {
    kOperand,
    kValue,
    kOperator,
    kJoin,
    kBetweenAnd,
    kAfterIs,
    kAfterNot,
    kRun
  };
  Wants wants = Wants::kOperand;
  const Column* column = nullptr;  // of kValue and kOperator, when it is known
};

// The column that a value at the end of `tokens` is compared with.
std::optional<const Column*> value_context(const Tokens& tokens, const Table& table) {
  size_t end = tokens.size();
  if (end == 0) return std::nullopt;
  const Token& last = tokens[end - 1];
  if (is_comparison(last) || is_word(last, "between") || is_word(last, "like")) {
    end -= 1;
  } else if (is_symbol(last, "(") || is_symbol(last, ",")) {
    while (end > 0 && !is_symbol(tokens[end - 1], "(")) --end;
    if (end < 2 || !is_word(tokens[end - 2], "in")) return std::nullopt;
    end -= 2;
  } else if (is_word(last, "and") && end >= 3 && is_word(tokens[end - 3], "between")) {
    end -= 3;
  } else {
    return std::nullopt;
  }
  if (end > 0 && is_word(tokens[end - 1], "not")) --end;
  return column_before(tokens, end, table);
}

Context context_of(const Tokens& tokens, const Table& table) {
  using Wants = Context::Wants;
  if (tokens.empty()) return {};
  const size_t n = tokens.size();
  if (const auto value = value_context(tokens, table)) return {Wants::kValue, *value};
  const Token& last = tokens.back();
  if (n >= 2 && is_symbol(last, "(") && is_word(tokens[n - 2], "run"))
    return {Wants::kRun, nullptr};
  if (is_word(last, "is")) return {Wants::kAfterIs, nullptr};
  if (is_word(last, "not") && n >= 2) {
    if (is_word(tokens[n - 2], "is")) return {Wants::kAfterIs, nullptr};
    if (is_name(tokens[n - 2])) return {Wants::kAfterNot, nullptr};
  }
  const bool is_operand_end =
      is_name(last) || last.kind == TokenKind::kText || last.kind == TokenKind::kNumber ||
      is_symbol(last, ")") || is_word(last, "null") || is_word(last, "true") ||
      is_word(last, "false") || is_word(last, "isnull") || is_word(last, "notnull");
  if (!is_operand_end) return {};
  size_t begin = n;
  const Column* column = column_before(tokens, begin, table);
  const Tokens before(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(
                                                           column == nullptr ? n - 1 : begin));
  if (!before.empty() && is_word(before.back(), "between")) return {Wants::kBetweenAnd, nullptr};
  const bool compared = !before.empty() &&
                        (is_comparison(before.back()) || is_word(before.back(), "and") == false) &&
                        value_context(before, table).has_value();
  if (column != nullptr && !compared) return {Wants::kOperator, column};
  return {Wants::kJoin, nullptr};
}

class Collector {
 public:
  Collector(std::string_view typed, size_t limit) : typed_(to_lower_ascii(typed)), limit_(limit) {}

  // `shown` is what the typed text is compared with.
  void offer(std::string_view shown, std::string text, CompletionKind kind,
             std::string detail = {}) {
    const std::string lower = to_lower_ascii(shown);
    const size_t at = lower.find(typed_);
    if (at == std::string::npos) return;
    auto& items = at == 0 ? prefix_ : inside_;
    if (items.size() < limit_) items.push_back({std::move(text), kind, std::move(detail)});
  }
  void offer_word(std::string_view word, CompletionKind kind) {
    offer(word, std::string(word), kind);
  }
  std::vector<CompletionItem> take() {
    prefix_.insert(prefix_.end(), inside_.begin(), inside_.end());
    if (prefix_.size() > limit_) prefix_.resize(limit_);
    return std::move(prefix_);
  }

 private:
  std::string typed_;
  size_t limit_;
  std::vector<CompletionItem> prefix_;
  std::vector<CompletionItem> inside_;
};

std::string detail_of(std::string_view bare_name, const Column& column) {
  for (const ColumnInfo& info : sample_columns()) {
    if (info.name == bare_name) return std::string(info.sentence);
  }
  const ScoreInfo* score = find_score(bare_name);
  return std::string(score != nullptr ? score->sentence : column_type_name(column.type));
}

void offer_columns(const Table& table, Collector& collector) {
  for (const std::string& name : column_candidates(table)) {
    const Column* column = table.find(name);
    if (column == nullptr) continue;
    collector.offer(name, quote_column(name), CompletionKind::kColumn, detail_of(name, *column));
  }
}

void offer_run_columns(const Table& table, std::string_view run, std::string_view before,
                       Collector& collector) {
  for (const auto& column : table.columns()) {
    const size_t at = column->name.find('@');
    if (at == std::string::npos || std::string_view(column->name).substr(at + 1) != run) continue;
    const std::string name = column->name.substr(0, at);
    collector.offer(name, std::string(before) + quote_column(name), CompletionKind::kColumn,
                    detail_of(name, *column));
  }
}

void offer_values(const Column* column, Collector& collector) {
  if (column == nullptr) return;
  if (column->type == ColumnType::kBool) {
    collector.offer_word("true", CompletionKind::kValue);
    collector.offer_word("false", CompletionKind::kValue);
  }
  if (column->dictionary == nullptr) return;
  std::vector<std::string> texts = column->dictionary->texts();
  std::sort(texts.begin(), texts.end());
  for (const std::string& text : texts) {
    collector.offer(text, quote_text(text), CompletionKind::kValue);
  }
}

void offer_operators(const Column* column, Collector& collector) {
  const bool text =
      column != nullptr && (column->type == ColumnType::kCategory ||
                            column->type == ColumnType::kText || column->type == ColumnType::kSet);
  std::vector<std::string_view> words;
  if (text) {
    words = {"=", "!=", "in (", "not in (", "like", "not like", "is null", "is not null"};
  } else {
    words = {"=", "!=", "<", "<=", ">", ">=", "between", "in (", "is null", "is not null"};
  }
  if (column != nullptr && column->type == ColumnType::kBool) words = {"and", "or", "=", "is null"};
  for (const std::string_view word : words) collector.offer_word(word, CompletionKind::kOperator);
}

void offer_for(const Context& context, bool in_quotes, const Table& table, Collector& collector) {
  const auto words = [&](std::initializer_list<std::string_view> list) {
    for (const std::string_view word : list) collector.offer_word(word, CompletionKind::kWord);
  };
  switch (context.wants) {
    case Context::Wants::kOperand:
      offer_columns(table, collector);
      words({"not", "run('"});
      break;
    case Context::Wants::kValue:
      offer_values(context.column, collector);
      if (!in_quotes) offer_columns(table, collector);
      break;
    case Context::Wants::kOperator: offer_operators(context.column, collector); break;
    case Context::Wants::kJoin: words({"and", "or"}); break;
    case Context::Wants::kBetweenAnd: words({"and"}); break;
    case Context::Wants::kAfterIs: words({"null", "not null", "true", "false"}); break;
    case Context::Wants::kAfterNot: words({"in (", "like", "between"}); break;
    case Context::Wants::kRun:
      for (const std::string& run : run_names(table)) {
        collector.offer(run, quote_text(run), CompletionKind::kValue);
      }
      break;
  }
}

// The end of the word or quote that begins at `begin`, when the cursor stands inside of it.
size_t replaced_end(std::string_view text, const Token& partial, size_t cursor) {
  Lexer lexer(text.substr(partial.begin));
  const Token whole = lexer.next();
  const size_t end = partial.begin + whole.end;
  const bool word = whole.kind == TokenKind::kWord;
  // A quote left open swallows what follows: taken as closed by the next quote only within a word.
  const bool closed = (whole.kind == TokenKind::kText || whole.kind == TokenKind::kQuotedName) &&
                      text.substr(cursor, end - cursor).find(' ') == std::string_view::npos;
  return word || closed ? end : cursor;
}

}  // namespace

Completion complete_filter(std::string_view text, size_t cursor, const Table& table, size_t limit) {
  cursor = std::min(cursor, text.size());
  Tokens tokens;
  Lexer lexer(text.substr(0, cursor));
  for (Token token = lexer.next(); token.kind != TokenKind::kEnd; token = lexer.next()) {
    tokens.push_back(std::move(token));
  }
  Completion completion;
  completion.begin = completion.end = cursor;
  std::string typed;
  bool in_quotes = false;
  // What touches the cursor and may still grow is what gets replaced.
  if (!tokens.empty() && tokens.back().end == cursor) {
    const Token last = tokens.back();
    in_quotes = last.kind == TokenKind::kBadText;
    if (in_quotes || last.kind == TokenKind::kWord) {
      typed = last.text;
      completion.begin = last.begin;
      completion.end = replaced_end(text, last, cursor);
      in_quotes = in_quotes && text[last.begin] == '\'';
      tokens.pop_back();
    }
  }
  // attr.wea is one name, run('a').conf one column.
  while (tokens.size() >= 2 && is_symbol(tokens.back(), ".") &&
         is_name(tokens[tokens.size() - 2]) && tokens.back().end == completion.begin) {
    typed = tokens[tokens.size() - 2].text + "." + typed;
    completion.begin = tokens[tokens.size() - 2].begin;
    tokens.resize(tokens.size() - 2);
  }
  Collector collector(typed, limit);
  const size_t n = tokens.size();
  if (n >= 5 && is_symbol(tokens[n - 1], ".") && is_symbol(tokens[n - 2], ")") &&
      tokens[n - 3].kind == TokenKind::kText && is_word(tokens[n - 5], "run")) {
    offer_run_columns(table, tokens[n - 3].text, "", collector);
  } else {
    offer_for(context_of(tokens, table), in_quotes, table, collector);
  }
  completion.items = collector.take();
  return completion;
}

}  // namespace errata::query
