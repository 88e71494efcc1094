#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/reports.h"
#include "jobs/doctor_job.h"

namespace errata::cli {

namespace {

std::string_view severity_name(store::FindingSeverity severity) {
  return severity == store::FindingSeverity::kDamage ? "damage" : "warning";
}

void print_json(CommandContext& context, const jobs::DoctorReport& report) {
  text::Json findings = text::Json::array();
  for (const store::Finding& finding : report.findings) {
    findings.push_back(text::Json::object({{"severity", severity_name(finding.severity)},
                                           {"check", finding.check},
                                           {"where", to_valid_utf8(finding.where)},
                                           {"message", finding.message},
                                           {"fix", finding.fix}}));
  }
  text::Json environment = text::Json::array();
  for (const jobs::EnvironmentLine& line : report.environment) {
    environment.push_back(
        text::Json::object({{"name", line.name}, {"good", line.good}, {"text", line.text}}));
  }
  context.print_json(text::Json::object({{"store_checked", report.store_checked},
                                         {"damages", report.damages},
                                         {"warnings", report.warnings},
                                         {"findings", findings},
                                         {"environment", environment}}));
}

void print_text(CommandContext& context, const jobs::DoctorReport& report) {
  std::string text;
  for (const store::Finding& finding : report.findings) {
    text += fmt::format("{} {} {}: {}\n", severity_name(finding.severity), finding.check,
                        escape_bytes(to_valid_utf8(finding.where)), finding.message);
    if (!finding.fix.empty()) text += fmt::format("  {}\n", finding.fix);
  }
  if (!report.store_checked) {
    text += fmt::format("no store at {}: only the environment was checked\n", context.store_path());
  } else if (report.findings.empty()) {
    text +=
        fmt::format("{}: {} checks, all good\n", context.store_path(), store::all_checks().size());
  } else {
    text += fmt::format("{}: {} checks, {}, {}\n", context.store_path(), store::all_checks().size(),
                        plural(report.damages, "damage"), plural(report.warnings, "warning"));
  }
  for (const jobs::EnvironmentLine& line : report.environment) {
    text += fmt::format("{:<9} {:<4} {}\n", line.name, line.good ? "ok" : "-", line.text);
  }
  context.print_text(text);
}

}  // namespace

CommandBody setup_doctor(CLI::App& app) {
  auto content = std::make_shared<bool>(false);
  auto store_only = std::make_shared<bool>(false);
  auto upgrade = std::make_shared<bool>(false);
  app.add_flag("--content", *content, "Also read every image and compare its hash");
  app.add_flag("--store-only", *store_only, "Do not look for the images");
  app.add_flag("--upgrade", *upgrade, "Bring a store of an older Errata up to date first");
  return [content, store_only, upgrade](CommandContext& context) {
    jobs::DoctorOptions options;
    options.store_path = context.store_path();
    options.program_folder = program_folder();
    options.upgrade = *upgrade;
    if (*store_only) options.level = store::DoctorLevel::kStore;
    if (*content) options.level = store::DoctorLevel::kContent;
    jobs::JobContext job = context.job();
    const jobs::DoctorReport report = jobs::run_doctor(options, job);
    context.end_progress();
    context.json() ? print_json(context, report) : print_text(context, report);
    if (report.damages == 0) return;
    throw Error(ErrorCategory::kCorrupt,
                fmt::format("{} found in the store", plural(report.damages, "damage")),
                "Each line above says what to do.", context.store_path());
  };
}

}  // namespace errata::cli
