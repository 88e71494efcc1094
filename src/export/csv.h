// One table, data.csv (RFC 4180, UTF-8): path,label,split and the free columns, images below
// images/<class>/. With file mode `none` no image is written: path is the absolute path, and a
// column `member` says which image of a container is meant. A free column that is called like one
// of ours gets the prefix "attr.".
#pragma once

#include "export/exporter.h"

namespace errata::exports {

inline constexpr std::string_view kTableFile = "data.csv";

const ExportFormat& csv_format();

}  // namespace errata::exports
