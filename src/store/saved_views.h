// Saved views: a filter and a sort under a name.
#pragma once

#include <string>
#include <vector>

#include "store/store.h"

namespace errata::store {

struct SavedView {
  std::string name;
  std::string filter;  // filter language; may be empty
  std::string sort;    // column names, ", " between, "-" in front for falling
  std::string options_json;
};
std::vector<SavedView> list_saved_views(Store& store);          // by name
void put_saved_view(Store& store, const SavedView& view);       // replaces one of the same name
void delete_saved_view(Store& store, const std::string& name);  // kNotFound

}  // namespace errata::store
