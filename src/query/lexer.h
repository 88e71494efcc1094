// Cuts filter text into tokens. Shared by the parser and the completion.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "query/expr.h"

namespace errata::query {

enum class TokenKind : uint8_t {
  kEnd,
  kWord,         // name or keyword as typed
  kQuotedName,   // "..."; text is unescaped
  kText,         // '...'; text is unescaped
  kNumber,       // number
  kSymbol,       // = != < <= > >= + - * / % ( ) , .  (== and <> arrive as = and !=)
  kBadText,      // a quote that is never closed: runs to the end
  kBadNumber,    // 12abc, 0x, 1e
  kBadCharacter  // anything else
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  size_t begin = 0;
  size_t end = 0;
  std::string text;           // unescaped for quotes, canonical for symbols, as typed otherwise
  Literal number;             // int64 or double
  bool is_two_to_63 = false;  // 9223372036854775808: an int64 once a minus stands before it
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  Token next();

 private:
  Token quoted(size_t begin, char quote);
  Token number(size_t begin);
  Token symbol(size_t begin);

  std::string_view text_;
  size_t at_ = 0;
};

// Of bytes: letters, _, digits, and all that is not ASCII.
bool starts_name(char c);
bool continues_name(char c);
// A word with a meaning of its own, in any case; columns so named are written in "".
bool is_keyword(std::string_view word);

}  // namespace errata::query
