#include "store/saved_views.h"

#include <fmt/format.h>

#include "base/text.h"
#include "store/connection.h"

namespace errata::store {

std::vector<SavedView> list_saved_views(Store& store) {
  std::vector<SavedView> views;
  Statement read =
      store.db().prepare("SELECT name, filter, sort, options FROM saved_view ORDER BY name");
  while (read.step()) {
    views.push_back({read.string(0), read.string(1), read.string(2), read.string(3)});
  }
  return views;
}

void put_saved_view(Store& store, const SavedView& view) {
  if (trim(view.name).empty() || !is_valid_utf8(view.name)) {
    throw Error(ErrorCategory::kUsage, "a saved view needs a name");
  }
  Transaction transaction(store.db(), Transaction::Kind::kDurable);
  store.db()
      .prepare(
          "INSERT OR REPLACE INTO saved_view(name, filter, sort, options) "
          "VALUES (?1, ?2, ?3, ?4)")
      .bind(1, view.name)
      .bind(2, view.filter)
      .bind(3, view.sort)
      .bind(4, view.options_json)
      .run();
  transaction.commit();
}

void delete_saved_view(Store& store, const std::string& name) {
  Transaction transaction(store.db(), Transaction::Kind::kDurable);
  store.db().prepare("DELETE FROM saved_view WHERE name = ?1").bind(1, name).run();
  if (store.db().changes() == 0) {
    throw Error(ErrorCategory::kNotFound, fmt::format("there is no saved view '{}'", name));
  }
  transaction.commit();
}

}  // namespace errata::store
