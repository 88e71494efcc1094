// Random tables and random filters, for tests that compare the evaluator with SQLite.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "model/columns.h"

namespace errata::query::test {

// Every column type, NULLs in all that can have them, Unicode, bytes that are not UTF-8, extremes,
// attributes, a set, two runs ("a" is active).
Table random_table(size_t rows, uint64_t seed);

// The same condition in Errata's words and in SQLite's, over a table t that has the columns under
// their names and a table `tags(row, value)` for the set.
struct RandomFilter {
  std::string ours;
  std::string sql;
};

class FilterMaker {
 public:
  explicit FilterMaker(uint64_t seed) : random_(seed) {}
  RandomFilter make();

 private:
  size_t pick(size_t n) { return random_() % n; }
  bool chance(size_t percent) { return pick(100) < percent; }
  void both(const std::string& text);
  void choose(std::initializer_list<const char*> texts);

  void condition(int depth);
  void chain(const char* word, int depth);
  void predicate(int depth);
  void number_predicate(int depth);
  void number_comparison(int depth);
  void text_predicate();
  void set_predicate();
  void number(int depth);
  void number_column();
  void number_literal();
  void number_item();
  void text_column();
  void category_literal();
  void text_operand();
  void text_items();
  void pattern();
  void compare_op();

  std::mt19937_64 random_;
  RandomFilter out_;
};

}  // namespace errata::query::test
