// The tables and how older stores become newer ones. Internal to this folder.
#pragma once

#include <span>
#include <string_view>

#include "store/connection.h"

namespace errata::store {

inline constexpr int kApplicationId = 0x45525441;  // "ERTA", PRAGMA application_id

// migrations()[n] makes schema n + 1 out of schema n. Never changed once released: a change of the
// schema is a further one.
std::span<const std::string_view> migrations();

// Runs what is missing, each in its own transaction, and renews the public views with the last.
void migrate(Connection& connection);

// CREATE VIEW of all public views, and the DROP before it.
std::string_view public_views_sql();

}  // namespace errata::store
