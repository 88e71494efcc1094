// Text of every script on its way to the screen.
#include "viewer/widgets/display_text.h"

#include <doctest/doctest.h>

#include "base/text.h"

namespace errata::viewer {

TEST_CASE("Latin text is drawn as it is stored, in the same memory") {
  for (const std::string_view text : {"cat", "T-shirt/top", "Größe \u00B7 café 12 \u00D7 3", ""}) {
    CHECK_FALSE(needs_display_text(text));
    CHECK(display_text(text).data() == text.data());
  }
  CHECK(display_text("猫") == "猫");
  CHECK(display_text("Кошка γάτα \u2013 \u2192 \u2026") == "Кошка γάτα \u2013 \u2192 \u2026");
}

TEST_CASE("Hebrew is put into the order of the eye, Arabic is joined as well") {
  CHECK(display_text("שלום") == "םולש");
  // Within a Latin sentence only the name turns around; numbers keep their order.
  CHECK(display_text("label is שלום 12") == "label is 12 םולש");
  CHECK(display_text("keep שלום") == "keep םולש");
  // Qaf in its first form, tah in its last, from right to left.
  CHECK(display_text("قط") == "\uFEC2\uFED7");
  // Lam and alef become one.
  CHECK(display_text("لا") == "\uFEFB");
  CHECK(display_text("(שלום)") == "(םולש)");
}

TEST_CASE("nothing breaks a line or hides in a name") {
  CHECK(display_text("cat\ndog\t.") == "cat\u23CEdog .");
  CHECK(display_text(std::string_view("a\0b\x7F", 4)) == "a\uFFFDb\uFFFD");
  CHECK(display_text("caf\xE9 \xFF") == "caf\uFFFD \uFFFD");
  CHECK(display_text("a\xC2") == "a\uFFFD");
  // Orders to turn the direction are not followed, joiners and selectors have no shape.
  CHECK(display_text("photo\u202Egpj.exe") == "photogpj.exe");
  CHECK(display_text("\u2764\uFE0F a\u200Bb\u00ADc") == "\u2764 abc");
  for (const std::string_view odd : {"\xF0\x9F\x98\xBA", "\xED\xA0\x80", "\xC0\x80", "\u2028"}) {
    CHECK(is_valid_utf8(display_text(odd)));
    CHECK(display_text(odd).find('\n') == std::string_view::npos);
  }
  CHECK(display_lines("one\nשלום") == "one\nםולש");
}

TEST_CASE("the cache forgets and answers the same") {
  const std::string before(display_text("שלום"));
  for (int i = 0; i < 20'000; ++i) display_text("ש" + std::to_string(i));
  CHECK(display_text("שלום") == before);
}

}  // namespace errata::viewer
