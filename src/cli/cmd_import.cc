#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/reports.h"
#include "importers/registry.h"
#include "jobs/edit_job.h"
#include "jobs/import_job.h"

namespace errata::cli {

namespace {

std::string formats_help() {
  std::string text = "auto, or one of:";
  for (const auto* importer : importers::all_importers()) {
    text += fmt::format(" {} ({});", importer->name(), importer->description());
  }
  if (text.ends_with(';')) text.pop_back();
  return text;
}

text::Json conflicts_json(const std::vector<store::LabelConflict>& conflicts) {
  text::Json array = text::Json::array();
  for (const store::LabelConflict& conflict : conflicts) {
    array.push_back(text::Json::object({{"id", conflict.sample},
                                        {"path", conflict.path},
                                        {"edited", conflict.edited},
                                        {"imported", conflict.imported}}));
  }
  return array;
}

void print_json(CommandContext& context, const jobs::ImportJobReport& report) {
  const store::ImportReport& samples = report.samples;
  text::Json classes = text::Json::array();
  for (const std::string& name : samples.new_classes) classes.push_back(name);
  context.print_json(text::Json::object({{"source", report.source_name},
                                         {"format", report.format},
                                         {"reason", report.reason},
                                         {"seen", samples.seen},
                                         {"accepted", report.accepted},
                                         {"rejected", report.rejected},
                                         {"warned", report.warned},
                                         {"added", samples.added},
                                         {"unchanged", samples.unchanged},
                                         {"changed", samples.changed},
                                         {"moved", samples.moved},
                                         {"returned", samples.returned},
                                         {"vanished", samples.vanished},
                                         {"labels_changed", samples.labels_changed},
                                         {"objects", samples.objects},
                                         {"objects_added", samples.objects_added},
                                         {"objects_changed", samples.objects_changed},
                                         {"objects_removed", samples.objects_removed},
                                         {"resumed", samples.resumed},
                                         {"new_classes", classes},
                                         {"conflicts", conflicts_json(samples.conflicts)},
                                         {"issues", issues_json(context.issues())},
                                         {"elapsed_secs", report.elapsed_secs}}));
}

std::string counts_text(const store::ImportReport& samples) {
  std::string text;
  const auto append = [&](uint64_t count, std::string_view what) {
    if (count > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", with_thousands(count), what);
  };
  append(samples.added, "new");
  append(samples.unchanged, "unchanged");
  append(samples.changed, "with other content");
  append(samples.moved, "moved");
  append(samples.returned, "back again");
  append(samples.vanished, "vanished");
  append(samples.labels_changed, "labels changed by the source");
  if (text.empty()) text = "no samples";
  append(samples.twin_images, "with the content of another source's (`errata issues`)");
  if (!samples.has_objects) return text;
  text += fmt::format("; {}", plural(samples.objects, "object"));
  std::string changes;
  const auto add = [&](uint64_t count, std::string_view what) {
    if (count > 0) {
      changes += fmt::format("{}{} {}", changes.empty() ? "" : ", ", with_thousands(count), what);
    }
  };
  add(samples.objects_added == samples.objects ? 0 : samples.objects_added, "new");
  add(samples.objects_changed, "changed");
  add(samples.objects_removed, "removed");
  add(samples.covered_images, "images keep those of another source (`errata issues`)");
  return changes.empty() ? text : text + " (" + changes + ")";
}

void print_text(CommandContext& context, const jobs::ImportJobReport& report) {
  const store::ImportReport& samples = report.samples;
  std::string text;
  if (samples.resumed) text += "went on with an import that had not ended\n";
  text += fmt::format("source '{}': {} ({})\n", report.source_name, counts_text(samples),
                      human_duration(report.elapsed_secs));
  if (!samples.new_classes.empty()) {
    text += fmt::format(
        "new classes: {}\n",
        shorten_utf8(printable(fmt::format("{}", fmt::join(samples.new_classes, ", "))), 300));
  }
  if (!samples.conflicts.empty()) {
    text += fmt::format("{} where a person and the source disagree; the person's label stays:\n",
                        plural(samples.conflicts.size(), "sample"));
    for (size_t i = 0; i < samples.conflicts.size() && i < 10; ++i) {
      const store::LabelConflict& conflict = samples.conflicts[i];
      text += fmt::format("  {}: {} here, {} in the source\n", conflict.path, conflict.edited,
                          conflict.imported);
    }
    if (samples.conflicts.size() > 10) {
      text += fmt::format("  and {} more\n", with_thousands(samples.conflicts.size() - 10));
    }
  }
  const std::string issues = issues_text(context.issues());
  if (!issues.empty()) text += "issues (`errata issues` lists them):\n" + issues;
  text += report.closing_line() + "\n";
  context.print_text(text);
}

}  // namespace

CommandBody setup_import(CLI::App& app) {
  auto options = std::make_shared<jobs::ImportJobOptions>();
  app.add_option("SOURCE", options->input_path, "Folder or file to import")->required();
  app.add_option("--format", options->format, formats_help())->type_name("NAME");
  app.add_option("--images", options->images_root, "Where relative image paths start")
      ->type_name("DIR");
  app.add_option("--split", options->split, "Put all samples into this split")->type_name("NAME");
  app.add_option(
         "--voc-origin", options->voc_origin,
         "VOC: what the first pixel is called, 0 or 1 (default: 1 unless a box begins at 0)")
      ->type_name("0|1")
      ->check(CLI::IsMember({0, 1}));
  app.add_option_function<uint64_t>(
         "--memory", [options](uint64_t mib) { options->memory_bytes = mib << 20; },
         "How many MiB of a large annotation file may be held at once while it is read (default "
         "64)")
      ->type_name("MIB")
      ->check(CLI::Range(1, 1 << 20));
  app.add_option("--name", options->source_name,
                 "Name of the source; the same name again is a re-import (default: that of SOURCE)")
      ->type_name("NAME");
  app.add_option("--who", options->who, "Who imports, for the log")->type_name("NAME");
  return [options](CommandContext& context) {
    options->store_path = context.store_path();
    if (options->who.empty()) options->who = jobs::default_who();
    jobs::JobContext job = context.job();
    const jobs::ImportJobReport report = context.resumable(
        "run the same import again", [&] { return jobs::run_import(*options, job); });
    context.end_progress();
    context.json() ? print_json(context, report) : print_text(context, report);
  };
}

}  // namespace errata::cli
