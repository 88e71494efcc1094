#include "export/names.h"

#include <array>

#include "base/hash.h"
#include "base/text.h"

namespace errata::exports {

namespace {

constexpr size_t kMaxNameBytes = 255;

bool is_unsafe(unsigned char c) {
  constexpr std::string_view kUnsafe = "/\\:*?\"<>|%";
  return c < 0x20 || c == 0x7F || kUnsafe.find(static_cast<char>(c)) != std::string_view::npos;
}

void put_escaped(std::string& out, unsigned char c) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  out += '%';
  out += kDigits[c >> 4];
  out += kDigits[c & 15];
}

// Names that Windows keeps for devices, with or without an extension.
bool is_device_name(std::string_view name) {
  const std::string stem = to_lower_ascii(name.substr(0, name.find('.')));
  constexpr std::array<std::string_view, 4> kDevices{"con", "prn", "aux", "nul"};
  for (const std::string_view device : kDevices) {
    if (stem == device) return true;
  }
  return stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")) &&
         stem[3] >= '1' && stem[3] <= '9';
}

// What an export writes beside or instead of class folders.
bool is_reserved(std::string_view name) {
  constexpr std::array<std::string_view, 5> kReserved{kUnlabelledFolder, kNoSplitFolder,
                                                      kManifestFile, kFileListFile, kClassesFile};
  for (const std::string_view reserved : kReserved) {
    if (name == reserved) return true;
  }
  return false;
}

// Bytes at `i` that form one valid character; 0 when there is none.
size_t valid_character_bytes(std::string_view text, size_t i) {
  for (size_t n = 1; n <= 4 && i + n <= text.size(); ++n) {
    if (is_valid_utf8(text.substr(i, n))) return n;
  }
  return 0;
}

std::string cut_utf8(std::string_view text, size_t max_bytes) {
  size_t end = std::min(text.size(), max_bytes);
  while (end > 0 && end < text.size() && (text[end] & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end));
}

// Not within an escape: "%4" alone would not be one.
std::string cut_name(std::string_view name, size_t max_bytes) {
  if (name.size() <= max_bytes) return std::string(name);
  std::string cut = cut_utf8(name, max_bytes);
  const size_t percent = cut.rfind('%');
  if (percent != std::string::npos && percent + 3 > cut.size()) cut.resize(percent);
  return cut;
}

}  // namespace

std::string safe_name(std::string_view name) {
  if (name.empty()) return "%";
  const bool escape_first = name[0] == '.' || is_reserved(name) || is_device_name(name);
  std::string safe;
  for (size_t i = 0; i < name.size();) {
    const auto c = static_cast<unsigned char>(name[i]);
    const size_t bytes = valid_character_bytes(name, i);
    const bool last = i + 1 == name.size();
    if (bytes == 0 || is_unsafe(c) || (i == 0 && escape_first) ||
        (last && (c == '.' || c == ' '))) {
      put_escaped(safe, c);
      ++i;
    } else {
      safe += name.substr(i, bytes);
      i += bytes;
    }
  }
  if (safe.size() <= kMaxNameBytes) return safe;
  return cut_name(safe, kMaxNameBytes - 13) + "~" + to_hex(sha256(name)).substr(0, 12);
}

std::string NameTable::take(std::string_view folder, std::string_view stem,
                            std::string_view extension, std::string_view hint) {
  const auto attempt = [&](std::string_view suffix) {
    const size_t room = kMaxNameBytes - std::min(kMaxNameBytes, suffix.size() + extension.size());
    std::string name = cut_name(stem, room);
    name += suffix;
    name += extension;
    std::string key(folder);
    key += '/';
    key += name;
    return taken_.try_emplace(std::move(key), 1).second ? name : std::string();
  };
  std::string name = attempt("");
  if (!name.empty()) return name;
  const std::string hinted = hint.empty() ? std::string() : "-" + std::string(hint);
  if (!hinted.empty()) name = attempt(hinted);
  for (int i = 2; name.empty(); ++i) name = attempt(hinted + "-" + std::to_string(i));
  return name;
}

}  // namespace errata::exports
