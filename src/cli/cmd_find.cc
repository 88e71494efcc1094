#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/find_parts.h"

namespace errata::cli {

void add_find_options(CLI::App& app, std::string& tag, std::string& who, ShownArguments& shown,
                      const FindHelp& help) {
  app.add_option("--tag", tag, help.tag)->type_name("TAG");
  app.add_option("--who", who, help.who)->type_name("NAME");
  app.add_option("-n,--limit", shown.limit, help.limit)->type_name("N");
  add_format_option(app, shown.format);
}

std::string tagged_text(const store::AppliedBatch& batch, const std::string& tag,
                        const std::string& more) {
  if (batch.batch == 0) return {};
  return fmt::format(
      "{} tagged '{}'; errata undo takes it back. Look at them with: errata view --filter \"tags = "
      "'{}'\"{}",
      plural(batch.edits.size(), "sample"), tag, tag, more);
}

bool note_tagged(CommandContext& context, const store::AppliedBatch& batch, const std::string& tag,
                 const std::string& more) {
  const std::string text = tagged_text(batch, tag, more);
  if (!text.empty()) context.note(text);
  return !text.empty();
}

namespace {

// Tables of several kinds are no one CSV.
void refuse_formats(const CommandContext& context, std::span<const NamedFindKind* const> kinds) {
  if (context.json()) return;
  for (const NamedFindKind* each : kinds) {
    const CLI::Option* format = each->app->get_option_no_throw("--format");
    if (format == nullptr || format->count() == 0 || format->as<std::string>() == "table") continue;
    throw Error(ErrorCategory::kUsage, "--format is for one kind: several are several tables",
                "Name one kind, or take --json, which has them all.");
  }
}

}  // namespace

CommandBody setup_find(CLI::App& app) {
  CommandFamily family(app);
  auto kinds = std::make_shared<std::vector<NamedFindKind>>();
  const auto add = [&](const char* name, std::string_view summary, std::string_view example,
                       FindKind (*setup)(CLI::App&), bool first = false) {
    family.add(name, summary, example, [&](CLI::App& child) {
      kinds->push_back({name, &child, first, setup(child)});
      return kinds->back().kind.alone;
    });
  };
  add("labels", "Labels that a run's out-of-sample probabilities speak against",
      "errata find labels --where \"split = 'test'\"\n"
      "errata find labels --run resnet20 --tag suspect",
      setup_find_labels);
  add("boxes",
      "Boxes of the wrong class or place, on nothing, twice or missing, by a detector's run",
      "errata find boxes\n"
      "errata find boxes --iou 0.6 --samples \"split = 'val'\" --where \"label = 'WBC'\"",
      setup_find_boxes);
  // Verdicts on labels, slices and the data set read what was measured of the pictures.
  add("quality", "Pictures that are dark, light, blurry, empty, oddly shaped or sized, or grey",
      "errata find quality\n"
      "errata find quality --issue blurry --issue dark --tag bad",
      setup_find_quality, true);
  add("duplicates", "The same picture more than once: files, pixels, or nearly the same",
      "errata find duplicates\n"
      "errata find duplicates --embeddings resnet18\n"
      "errata find duplicates --where \"split = 'train'\" --exclude",
      setup_find_duplicates);
  add("outliers", "Pictures that look like no other, by embeddings",
      "errata find outliers\n"
      "errata find outliers --embeddings resnet18 --tag outlier",
      setup_find_outliers);
  add("slices", "Groups of samples on which a run is worse than on the others",
      "errata find slices\n"
      "errata find slices --run resnet18 --where \"split = 'test'\"",
      setup_find_slices);
  add("dataset",
      "The set as a whole: rare classes, an order that is not random, telltale properties",
      "errata find dataset\n"
      "errata find dataset --where \"split = 'train'\"",
      setup_find_dataset);
  const CommandBody one = family.body([](CommandContext&) {});
  app.require_subcommand(0, 0);  // any number
  return [kinds, one](CommandContext& context) {
    std::vector<const NamedFindKind*> named;
    std::vector<const NamedFindKind*> all;
    for (const NamedFindKind& each : *kinds) {
      all.push_back(&each);
      if (each.app->parsed()) named.push_back(&each);
    }
    if (named.size() == 1) return one(context);
    refuse_formats(context, named);
    find_several(context, named.empty() ? all : named, !named.empty());
  };
}

}  // namespace errata::cli
