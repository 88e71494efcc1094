#include "export/manifest.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"
#include "export/losses.h"
#include "export/names.h"

namespace errata::exports {

namespace {

void append_key(std::string& out, std::string_view key) {
  append_json_string(out, key);
  out += ": ";
}

void append_text_or_null(std::string& out, std::string_view key, std::string_view text) {
  append_key(out, key);
  if (text.empty()) {
    out += "null";
  } else {
    append_json_string(out, text);
  }
}

void append_field(std::string& line, std::string_view key, std::string_view text) {
  line += ", ";
  append_key(line, key);
  append_json_string(line, text);
}

std::string file_list(const ExportInput& input, const Layout& layout,
                      std::span<const uint8_t> written) {
  std::string lines;
  lines.reserve(input.items.size() * 200);
  for (size_t i = 0; i < input.items.size(); ++i) {
    if (written[i] == 0) continue;
    const ExportItem& item = input.items[i];
    lines += "{\"path\": ";
    append_json_string(
        lines, layout.paths[i].empty() ? escape_bytes(item.absolute_path) : layout.paths[i]);
    if (item.label == kNoClass) {
      lines += ", \"class\": null";
    } else {
      lines += ", \"class\": " + std::to_string(item.label);
      append_field(lines, "label", input.class_names[static_cast<size_t>(item.label)]);
    }
    if (item.split >= 0) {
      append_field(lines, "split", input.split_names[static_cast<size_t>(item.split)]);
    }
    if (item.has_sha256) append_field(lines, "sha256", to_hex(item.sha256));
    if (!item.source_path.empty()) {
      append_field(lines, "source", escape_bytes(item.source_path));
    }
    if (item.member >= 0) lines += ", \"member\": " + std::to_string(item.member);
    if (!item.raw_id.empty()) append_field(lines, "id", item.raw_id);
    lines += "}\n";
  }
  return lines;
}

struct Counts {
  std::vector<uint64_t> per_class;
  std::vector<uint64_t> per_split;
  uint64_t total = 0;
};

// `objects`: 1 for each that is written; of formats that hold objects.
Counts count_written(const ExportInput& input, std::span<const uint8_t> written, bool holds_objects,
                     std::span<const uint8_t> objects) {
  Counts counts{std::vector<uint64_t>(input.class_names.size()),
                std::vector<uint64_t>(input.split_names.size()), 0};
  for (size_t i = 0; i < input.items.size(); ++i) {
    if (written[i] == 0) continue;
    const ExportItem& item = input.items[i];
    ++counts.total;
    if (!holds_objects && item.label != kNoClass) {
      ++counts.per_class[static_cast<size_t>(item.label)];
    }
    if (item.split >= 0) ++counts.per_split[static_cast<size_t>(item.split)];
  }
  if (!holds_objects) return counts;
  for (size_t i = 0; i < objects.size(); ++i) {
    counts.per_class[static_cast<size_t>(input.objects.objects[i].label)] += objects[i];
  }
  return counts;
}

void append_named_folders(std::string& out, std::string_view key,
                          const std::vector<std::string>& names,
                          const std::vector<std::string>& folders,
                          const std::vector<uint64_t>& counts, bool with_index,
                          std::string_view counted) {
  out += "  ";
  append_key(out, key);
  out += '[';
  for (size_t i = 0; i < names.size(); ++i) {
    out += i == 0 ? "\n    {" : ",\n    {";
    if (with_index) out += "\"index\": " + std::to_string(i) + ", ";
    append_key(out, "name");
    append_json_string(out, names[i]);
    out += ", ";
    append_text_or_null(out, "folder", i < folders.size() ? folders[i] : std::string());
    out += ", ";
    append_key(out, counted);
    out += std::to_string(counts[i]) + "}";
  }
  out += names.empty() ? "],\n" : "\n  ],\n";
}

void append_ids(std::string& out, std::string_view key, std::span<const int64_t> ids) {
  if (ids.empty()) return;
  out += ", ";
  append_key(out, key);
  out += '[';
  for (size_t i = 0; i < ids.size(); ++i) {
    if (i > 0) out += ", ";
    out += std::to_string(ids[i]);
  }
  out += ']';
}

void append_objects(std::string& out, const ExportInput& input, const Layout& layout,
                    std::span<const uint8_t> objects, std::span<const Loss> losses) {
  const auto count = std::count(objects.begin(), objects.end(), 1);
  out += ",\n  \"objects\": " + std::to_string(count) + ",\n  \"annotations\": [";
  for (size_t i = 0; i < layout.annotations.size(); ++i) {
    const AnnotationFile& file = layout.annotations[i];
    out += i == 0 ? "\n    {" : ",\n    {";
    append_key(out, "file");
    append_json_string(out, file.path);
    out += ", ";
    append_text_or_null(
        out, "split",
        file.split < 0 ? std::string() : input.split_names[static_cast<size_t>(file.split)]);
    out += '}';
  }
  out += layout.annotations.empty() ? "]" : "\n  ]";
  if (layout.voc_origin >= 0) out += ",\n  \"voc_origin\": " + std::to_string(layout.voc_origin);
  if (!layout.yolo_rows.empty()) {
    out += ",\n  ";
    append_text_or_null(out, "yolo_rows", layout.yolo_rows);
  }
  out += ",\n  \"not_held\": [";
  for (size_t i = 0; i < losses.size(); ++i) {
    out += i == 0 ? "\n    {" : ",\n    {";
    append_key(out, "kind");
    append_json_string(out, losses[i].kind);
    out += ", ";
    append_key(out, "what");
    append_json_string(out, losses[i].what);
    out += ", \"count\": " + std::to_string(losses[i].count());
    append_ids(out, "objects", losses[i].objects);
    append_ids(out, "samples", losses[i].samples);
    out += '}';
  }
  out += losses.empty() ? "]" : "\n  ]";
}

std::string classes_table(const ExportInput& input) {
  std::string table = "index,name\n";
  for (size_t c = 0; c < input.class_names.size(); ++c) {
    table += std::to_string(c) + ",";
    append_csv_field(table, input.class_names[c]);
    table += '\n';
  }
  return table;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  const std::string replaced = is_valid_utf8(text) ? std::string() : to_valid_utf8(text);
  if (!replaced.empty()) text = replaced;
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          constexpr char kDigits[] = "0123456789abcdef";
          out += "\\u00";
          out += kDigits[c >> 4];
          out += kDigits[c & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void append_csv_field(std::string& out, std::string_view field) {
  const bool quoted = field.find_first_of("\",\r\n") != std::string_view::npos ||
                      field.starts_with(' ') || field.ends_with(' ');
  if (!quoted) {
    out += field;
    return;
  }
  out += '"';
  for (const char c : field) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

PlainFile::PlainFile(const std::string& path)
    : path_(path), fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) {
  if (fd_.value < 0) throw io_error("write", path, errno);
}

void PlainFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd_.value, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw io_error("write", path_, errno);
    bytes.remove_prefix(static_cast<size_t>(put));
  }
}

void PlainFile::close() {
  const int fd = fd_.value;
  fd_.value = -1;
  if (::close(fd) != 0) throw io_error("write", path_, errno);
}

void write_plain_file(const std::string& path, std::string_view bytes) {
  PlainFile file(path);
  file.write(bytes);
  file.close();
}

void write_manifest(const ExportFormat& format, const ExportInput& input, const Layout& layout,
                    std::span<const uint8_t> written, std::span<const Loss> losses,
                    const std::string& folder) {
  const std::string list = file_list(input, layout, written);
  const bool holds_objects = format.holds_objects();
  const std::vector<uint8_t> objects = written_objects(input, written, losses);
  const Counts counts = count_written(input, written, holds_objects, objects);
  std::string json = "{\n  \"errata_manifest\": 1,\n  ";
  append_text_or_null(json, "format", format.name());
  json += ",\n  ";
  append_text_or_null(json, "layout", layout.description);
  json += ",\n  ";
  append_text_or_null(json, "version", input.version_name);
  json += ",\n  ";
  append_text_or_null(json, "hash", input.version_hash);
  json += ",\n  \"samples\": " + std::to_string(counts.total) + ",\n";
  append_named_folders(json, "classes", input.class_names, layout.class_folders, counts.per_class,
                       true, holds_objects ? "objects" : "samples");
  append_named_folders(json, "splits", input.split_names, layout.split_folders, counts.per_split,
                       false, "samples");
  json += "  ";
  append_text_or_null(json, "unlabelled_folder", layout.unlabelled_folder);
  json += ",\n  ";
  append_text_or_null(json, "no_split_folder", layout.no_split_folder);
  json += ",\n  \"split_recipe\": " + (input.recipe_json.empty() ? "null" : input.recipe_json);
  if (holds_objects) append_objects(json, input, layout, objects, losses);
  json += ",\n  \"files\": {\"list\": ";
  append_json_string(json, kFileListFile);
  json += ", \"count\": " + std::to_string(counts.total) + ", \"sha256\": ";
  append_json_string(json, to_hex(sha256(list)));
  json += "}\n}\n";
  write_plain_file(join_path(folder, kFileListFile), list);
  write_plain_file(join_path(folder, kClassesFile), classes_table(input));
  write_plain_file(join_path(folder, kManifestFile), json);
}

}  // namespace errata::exports
