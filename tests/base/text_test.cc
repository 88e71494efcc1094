#include "base/text.h"

#include <doctest/doctest.h>

using namespace errata;

TEST_CASE("UTF-8: overlong forms, surrogates and stray bytes are not valid") {
  CHECK(is_valid_utf8("zażółć 漢字 🙂"));
  CHECK_FALSE(is_valid_utf8("\xC0\xAF"));
  CHECK_FALSE(is_valid_utf8("\xED\xA0\x80"));
  CHECK_FALSE(is_valid_utf8("\xFF"));
  CHECK_FALSE(is_valid_utf8("\xE6\xBC"));
  CHECK(to_valid_utf8("a\xFFz") == "a\xEF\xBF\xBDz");
}

TEST_CASE("any bytes survive escaping") {
  std::string bytes;
  for (int i = 1; i < 256; ++i) bytes += static_cast<char>(i);
  bytes += "\\x41 é \\";
  CHECK(unescape_bytes(escape_bytes(bytes)) == bytes);
  CHECK(is_valid_utf8(escape_bytes(bytes)));
  CHECK(escape_bytes("é a") == "é a");
  CHECK(escape_bytes("a\nb") == "a\\x0ab");
}

TEST_CASE("shortening cuts at a character") {
  CHECK(shorten_utf8("abc", 3) == "abc");
  CHECK(shorten_utf8("aéé", 4) == "aé…");
}

TEST_CASE("numbers as people read them") {
  CHECK(with_thousands(7) == "7");
  CHECK(with_thousands(1032) == "1,032");
  CHECK(with_thousands(1234567) == "1,234,567");
  CHECK(plural(0, "sample") == "0 samples");
  CHECK(plural(1, "sample") == "1 sample");
  CHECK(plural(1001, "sample") == "1,001 samples");
  CHECK(human_bytes(1536) == "1.5 KiB");
  CHECK(human_duration(136) == "2 min 16 s");
}

TEST_CASE("did you mean") {
  CHECK(nearest_words("confidense", {"confidence", "entropy"}) ==
        std::vector<std::string>{"confidence"});
  CHECK(nearest_words("zzz", {"confidence"}).empty());
}

TEST_CASE("words are joined as in a sentence") {
  CHECK(join_words({}).empty());
  const std::vector<std::string> words{"coco", "voc", "yolo"};
  CHECK(join_words(std::span(words).first(1)) == "coco");
  CHECK(join_words(std::span(words).first(2)) == "coco and voc");
  CHECK(join_words(words) == "coco, voc and yolo");
}
