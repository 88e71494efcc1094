#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/find_parts.h"

namespace errata::cli {

void add_find_options(CLI::App& app, std::string& tag, std::string& who, size_t& limit,
                      std::string& format, const FindHelp& help) {
  app.add_option("--tag", tag, help.tag)->type_name("TAG");
  app.add_option("--who", who, help.who)->type_name("NAME");
  app.add_option("-n,--limit", limit, help.limit)->type_name("N");
  add_format_option(app, format);
}

bool note_tagged(CommandContext& context, const store::AppliedBatch& batch, const std::string& tag,
                 const std::string& more) {
  if (batch.batch == 0) return false;
  context.note(fmt::format(
      "{} tagged '{}'; errata undo takes it back. Look at them with: errata view --filter \"tags = "
      "'{}'\"{}",
      plural(batch.edits.size(), "sample"), tag, tag, more));
  return true;
}

CommandBody setup_find(CLI::App& app) {
  CommandFamily family(app);
  family.add("labels", "Labels that a run's out-of-sample probabilities speak against",
             "errata find labels --where \"split = 'test'\"\n"
             "errata find labels --run resnet20 --tag suspect",
             setup_find_labels);
  family.add("boxes",
             "Boxes of the wrong class or place, on nothing, twice or missing, by a detector's run",
             "errata find boxes\n"
             "errata find boxes --iou 0.6 --samples \"split = 'val'\" --where \"label = 'WBC'\"",
             setup_find_boxes);
  family.add("quality",
             "Pictures that are dark, light, blurry, empty, oddly shaped or sized, or grey",
             "errata find quality\n"
             "errata find quality --issue blurry --issue dark --tag bad",
             setup_find_quality);
  family.add("duplicates", "The same picture more than once: files, pixels, or nearly the same",
             "errata find duplicates\n"
             "errata find duplicates --embeddings resnet18\n"
             "errata find duplicates --where \"split = 'train'\" --exclude",
             setup_find_duplicates);
  family.add("outliers", "Pictures that look like no other, by embeddings",
             "errata find outliers\n"
             "errata find outliers --embeddings resnet18 --tag outlier",
             setup_find_outliers);
  family.add("slices", "Groups of samples on which a run is worse than on the others",
             "errata find slices\n"
             "errata find slices --run resnet18 --where \"split = 'test'\"",
             setup_find_slices);
  family.add("dataset",
             "The set as a whole: rare classes, an order that is not random, telltale properties",
             "errata find dataset\n"
             "errata find dataset --where \"split = 'train'\"",
             setup_find_dataset);
  return family.body(find_all);
}

}  // namespace errata::cli
