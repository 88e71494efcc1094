#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/reports.h"
#include "jobs/export_job.h"

namespace errata::cli {

namespace {

std::string formats_help() {
  std::string text;
  for (const auto* format : exports::all_formats()) {
    text +=
        fmt::format("{}{} ({})", text.empty() ? "" : "; ", format->name(), format->description());
  }
  return text;
}

text::Json losses_json(const std::vector<exports::Loss>& losses) {
  text::Json list = text::Json::array();
  for (const exports::Loss& loss : losses) {
    text::Json ids = text::Json::array();
    const bool of_objects = !loss.objects.empty();
    for (const int64_t id : of_objects ? loss.objects : loss.samples) ids.push_back(id);
    list.push_back(text::Json::object({{"kind", loss.kind},
                                       {"what", loss.what},
                                       {"count", loss.count()},
                                       {of_objects ? "objects" : "samples", std::move(ids)}}));
  }
  return list;
}

void print_json_report(CommandContext& context, const jobs::ExportJobReport& report,
                       bool holds_objects, bool dry_run) {
  const exports::ExportReport& written = report.written;
  text::Json json = text::Json::object({{"target", to_valid_utf8(written.target)},
                                        {"format", report.format},
                                        {"version", report.version},
                                        {"hash", report.hash},
                                        {"images", written.images},
                                        {"files", written.files},
                                        {"members", written.members},
                                        {"left_out", written.left_out},
                                        {"several_labels", report.several_labels},
                                        {"bytes_written", written.bytes_written},
                                        {"shared_blocks", written.shared_blocks},
                                        {"classes", report.classes},
                                        {"manifest", to_valid_utf8(written.manifest)},
                                        {"issues", issues_json(context.issues())}});
  if (dry_run) json["dry_run"] = true;
  if (holds_objects) {
    json["objects"] = written.objects;
    json["annotation_files"] = texts_json(written.annotation_files);
    json["not_held"] = losses_json(written.losses);
  }
  context.print_json(json);
}

void print_report(CommandContext& context, const jobs::ExportJobReport& report, bool dry_run) {
  const exports::ExportReport& written = report.written;
  const bool holds_objects = exports::find_format(report.format).holds_objects();
  if (context.json()) return print_json_report(context, report, holds_objects, dry_run);
  std::string text = issues_text(context.issues());
  const std::string objects =
      holds_objects ? fmt::format(" with {}", plural(written.objects, "object")) : std::string();
  text += fmt::format("{}{} in {} classes, {}, as {} to {}\n", plural(written.images, "image"),
                      objects, with_thousands(report.classes), exports::how_written(written),
                      report.format, to_valid_utf8(written.target));
  if (dry_run) {
    for (const std::string& file : written.annotation_files) text += fmt::format("  {}\n", file);
  }
  if (!report.hash.empty()) text += fmt::format("version '{}' {}\n", report.version, report.hash);
  const uint64_t left_out = written.left_out + report.several_labels;
  if (left_out > 0) text += fmt::format("{} left out\n", plural(left_out, "sample"));
  context.print_text(text);
}

}  // namespace

CommandBody setup_export(CLI::App& app) {
  auto options = std::make_shared<jobs::ExportJobOptions>();
  app.add_option("--version", options->version,
                 "Version to export (default: the store as it is now)")
      ->type_name("NAME");
  app.add_option("--format", options->format, formats_help())->type_name("NAME");
  app.add_option("--to", options->target, "Folder to make; must not hold anything")
      ->required()
      ->type_name("DIR");
  app.add_option(
         "--files", options->files,
         fmt::format("copy, hardlink, symlink, reflink, or none: images stay where they are "
                     "({}) (default copy)",
                     exports::formats_that_support(exports::FileMode::kNone)))
      ->type_name("MODE");
  app.add_option("--where", options->where, "Filter: only these; not with --version")
      ->type_name("EXPR");
  app.add_flag("--check", options->check_content, "Compare what was written with its hash");
  app.add_flag("--skip-unreadable", options->skip_unreadable,
               "Leave out what cannot be read instead of failing");
  app.add_flag("--dry-run", options->dry_run,
               "Say what would be written, and what the format cannot hold; write nothing");
  return [options](CommandContext& context) {
    options->store_path = context.store_path();
    jobs::JobContext job = context.job();
    jobs::ExportJobReport report;
    try {
      report = context.resumable("run it again: nothing was left at the target",
                                 [&] { return jobs::run_export(*options, job); });
    } catch (const Error&) {
      context.end_progress();
      note_issues(context);
      throw;
    }
    context.end_progress();
    print_report(context, report, options->dry_run);
  };
}

}  // namespace errata::cli
