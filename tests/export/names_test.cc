#include "export/names.h"

#include <doctest/doctest.h>

#include "base/text.h"

using namespace errata::exports;

TEST_CASE("names that fit stay, others are escaped and stay different") {
  CHECK(safe_name("cat") == "cat");
  CHECK(safe_name("Ankle boot") == "Ankle boot");
  CHECK(safe_name("été") == "été");
  CHECK(safe_name("猫") == "猫");
  CHECK(safe_name("T-shirt/top") == "T-shirt%2Ftop");
  CHECK(safe_name("T-shirt%2Ftop") == "T-shirt%252Ftop");
  CHECK(safe_name("..") == "%2E%2E");
  CHECK(safe_name(".") == "%2E");
  CHECK(safe_name("../../etc") == "%2E.%2F..%2Fetc");
  CHECK(safe_name("") == "%");
  CHECK(safe_name("%") == "%25");
  CHECK(safe_name(".hidden") == "%2Ehidden");
  CHECK(safe_name("end.") == "end%2E");
  CHECK(safe_name("end ") == "end%20");
  CHECK(safe_name("a\nb") == "a%0Ab");
  CHECK(safe_name("a\xFFz") == "a%FFz");
  CHECK(safe_name("\xE9t\xE9") == "%E9t%E9");
  CHECK(safe_name("con") == "%63on");
  CHECK(safe_name("NUL.txt") == "%4EUL.txt");
  CHECK(safe_name("COM1") == "%43OM1");
  CHECK(safe_name("COMA") == "COMA");
  CHECK(safe_name("_unlabelled") == "%5Funlabelled");
  CHECK(safe_name("classes.csv") == "%63lasses.csv");
  CHECK(safe_name(std::string("a\0b", 3)) == "a%00b");
}

TEST_CASE("long names are cut at a character and stay different") {
  const std::string a = safe_name(std::string(255, 'a'));
  CHECK(a == std::string(255, 'a'));
  const std::string b = safe_name(std::string(256, 'a'));
  CHECK(b.size() == 255);
  CHECK(b != safe_name(std::string(257, 'a')));
  std::string accents;
  for (int i = 0; i < 200; ++i) accents += "é";
  CHECK(safe_name(accents).size() <= 255);
  CHECK(errata::is_valid_utf8(safe_name(accents)));
  CHECK(safe_name(std::string(255, '/')).size() <= 255);
}

TEST_CASE("taken names get the hint, then a number; folders are apart") {
  NameTable names;
  CHECK(names.take("cat", "a", ".jpg", "1234") == "a.jpg");
  CHECK(names.take("dog", "a", ".jpg", "1234") == "a.jpg");
  CHECK(names.take("cat", "a", ".jpg", "1234") == "a-1234.jpg");
  CHECK(names.take("cat", "a", ".jpg", "1234") == "a-1234-2.jpg");
  CHECK(names.take("cat", "a", ".jpg", "") == "a-2.jpg");
  CHECK(names.take("cat", "a-2", ".jpg", "") == "a-2-2.jpg");
  const std::string stem(251, 'x');
  CHECK(names.take("cat", stem, ".jpg", "1234") == stem + ".jpg");
  CHECK(names.take("cat", stem, ".jpg", "1234").size() == 255);
}
