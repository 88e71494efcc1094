#include "query/expr.h"

namespace errata::query {

bool same_expr(const Expr& a, const Expr& b) {
  if (a.kind != b.kind || a.compare != b.compare || a.arithmetic != b.arithmetic ||
      a.negated != b.negated || a.truth != b.truth || a.has_run != b.has_run ||
      a.value != b.value || a.column != b.column || a.run != b.run || a.escape != b.escape ||
      a.children.size() != b.children.size()) {
    return false;
  }
  for (size_t i = 0; i < a.children.size(); ++i) {
    if (!same_expr(*a.children[i], *b.children[i])) return false;
  }
  return true;
}

}  // namespace errata::query
