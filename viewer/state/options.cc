#include "viewer/state/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "model/scores.h"

namespace errata::viewer {

namespace {

constexpr int kLeastPx = 320;
constexpr int kMostPx = 16'384;
constexpr float kLeastScale = 0.5F;
constexpr float kMostScale = 4;

Error usage(const std::string& message, const std::string& hint = "errata-view --help") {
  return {ErrorCategory::kUsage, message, hint};
}

template <typename Number>
bool parse_whole(std::string_view text, Number& value) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

void parse_size(const std::string& text, ViewerOptions& options) {
  const size_t x = text.find('x');
  if (x == std::string::npos ||
      !parse_whole(std::string_view(text).substr(0, x), options.width_px) ||
      !parse_whole(std::string_view(text).substr(x + 1), options.height_px)) {
    throw usage(fmt::format("--size wants WIDTHxHEIGHT in pixels, not \"{}\"", text),
                "for example --size 1600x1000");
  }
  if (std::min(options.width_px, options.height_px) < kLeastPx ||
      std::max(options.width_px, options.height_px) > kMostPx) {
    throw usage(
        fmt::format("--size {} is not between {} and {} pixels a side", text, kLeastPx, kMostPx));
  }
}

void parse_theme(const std::string& text, ViewerOptions& options) {
  if (text != "dark" && text != "light") {
    throw usage(fmt::format("--theme is dark or light, not \"{}\"", text));
  }
  options.theme_given = true;
  options.theme = text == "dark" ? ThemeName::kDark : ThemeName::kLight;
}

void parse_scale(const std::string& text, ViewerOptions& options) {
  if (!parse_whole(text, options.scale) || options.scale < kLeastScale ||
      options.scale > kMostScale) {
    throw usage(fmt::format("--scale is a number from {} to {}, not \"{}\"", kLeastScale,
                            kMostScale, text));
  }
}

struct Option {
  std::string_view name;
  std::string_view short_name;
  std::string_view value;  // what stands after it, for the help; empty: it takes none
  std::string_view help;
  void (*take)(const std::string& text, ViewerOptions& options);
};

const std::array kOptions{
    Option{"--store", "-s", "FILE", "the store to open (default errata.db, or ERRATA_STORE)",
           [](const std::string& text, ViewerOptions& options) { options.store = text; }},
    Option{"--filter", "", "EXPR", "start with this filter; of objects with --view objects",
           [](const std::string& text, ViewerOptions& options) { options.filter = text; }},
    Option{"--sort", "", "COLUMN", "order by a column or score; -COLUMN shows high values first",
           [](const std::string& text, ViewerOptions& options) { options.sort = text; }},
    Option{"--run", "", "NAME", "whose predictions to show (default: the newest)",
           [](const std::string& text, ViewerOptions& options) { options.run = text; }},
    Option{"--who", "", "NAME", "sign decisions with this name (default: ERRATA_WHO, else yours)",
           [](const std::string& text, ViewerOptions& options) { options.who = text; }},
    Option{"--view", "", "NAME", "open this panel, table or dialog once the store is shown",
           [](const std::string& text, ViewerOptions& options) {
             options.script.push_back({false, text});
           }},
    Option{"--command", "", "NAME", "run this command then; both may be given again, in order",
           [](const std::string& text, ViewerOptions& options) {
             options.script.push_back({true, text});
           }},
    Option{"--list", "", "", "print the names of views and commands",
           [](const std::string&, ViewerOptions& options) { options.list = true; }},
    Option{"--screenshot", "", "FILE", "draw to a PNG instead of opening a window",
           [](const std::string& text, ViewerOptions& options) { options.screenshot = text; }},
    Option{"--size", "", "WxH", "size of the window or picture in pixels (default 1440x900)",
           parse_size},
    Option{"--theme", "", "NAME", "dark or light", parse_theme},
    Option{"--scale", "", "S", "pixels for each 1/96 inch (default: what the display says)",
           parse_scale},
};

}  // namespace

std::string help_text() {
  std::string text =
      "errata-view [options]   review the samples of a store\n\n"
      "  errata-view -s flowers.db --filter 'label != prediction' --sort -confidence\n"
      "  errata-view -s flowers.db --screenshot review.png --size 1600x1000 --theme light\n"
      "  errata-view -s flowers.db --command view.mistakes --view keys --screenshot keys.png\n\n";
  for (const Option& option : kOptions) {
    const std::string names = option.short_name.empty()
                                  ? std::string(option.name)
                                  : fmt::format("{}, {}", option.short_name, option.name);
    const std::string value = option.value.empty() ? "" : " " + std::string(option.value);
    text += fmt::format("  {:<26} {}\n", names + value, option.help);
  }
  return text + "  -h, --help                 this text\n";
}

ViewerOptions parse_options(std::span<const std::string> arguments) {
  ViewerOptions options;
  if (const char* store = std::getenv("ERRATA_STORE"); store != nullptr && *store != '\0') {
    options.store = store;
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string name = arguments[i];
    if (name == "-h" || name == "--help") {
      options.help = true;
      continue;
    }
    std::string value;
    bool has_value = false;
    const size_t equals = name.find('=');
    if (name.starts_with("--") && equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
      has_value = true;
    }
    const Option* known = nullptr;
    std::vector<std::string> names;
    for (const Option& option : kOptions) {
      names.emplace_back(option.name);
      if (name == option.name || (!option.short_name.empty() && name == option.short_name)) {
        known = &option;
      }
    }
    if (known == nullptr) {
      const std::vector<std::string> near = nearest_words(name, names);
      throw usage(fmt::format("unknown option {}", name),
                  near.empty() ? "errata-view --help" : fmt::format("did you mean {}?", near[0]));
    }
    if (known->value.empty() && has_value) throw usage(fmt::format("{} takes no value", name));
    if (!known->value.empty() && !has_value) {
      if (i + 1 >= arguments.size()) throw usage(fmt::format("{} wants a value", name));
      value = arguments[++i];
    }
    known->take(value, options);
  }
  return options;
}

SortChoice parse_sort(const std::string& text) {
  if (text.starts_with("-")) return {text.substr(1), true};
  const ScoreInfo* score = find_score(text);
  return {text, score != nullptr && score->worst == Worst::kHigh};
}

}  // namespace errata::viewer
