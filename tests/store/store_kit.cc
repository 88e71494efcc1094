#include "tests/store/store_kit.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

#include "base/hash.h"

namespace errata::test {

SampleRecord make_record(int64_t i, size_t classes) {
  SampleRecord record;
  const auto label = static_cast<ClassIndex>(static_cast<size_t>(i) % classes);
  record.path = fmt::format("class {}/{:07}.png", label, i);
  record.size_bytes = static_cast<uint64_t>(1000 + i % 977);
  record.mtime_ns = 1'700'000'000'000'000'000 + i;
  record.xxh3 = xxh3_64(fmt::format("content {}", i));
  record.width_px = 28 + static_cast<int32_t>(i % 5);
  record.height_px = 28;
  record.split = i % 10 < 7 ? "train" : (i % 10 < 8 ? "val" : "test");
  record.labels = {label};
  return record;
}

std::vector<SampleRecord> make_records(int64_t count, size_t classes) {
  std::vector<SampleRecord> records;
  for (int64_t i = 0; i < count; ++i) records.push_back(make_record(i, classes));
  return records;
}

ClassMap make_classes(size_t count) {
  ClassMap classes;
  for (size_t i = 0; i < count; ++i) classes.add(fmt::format("class {}", i));
  return classes;
}

store::ImportReport import_records(store::Store& store, std::vector<SampleRecord> records,
                                   const ClassMap& classes, const std::string& root,
                                   size_t per_call, const std::string& source) {
  store::ImportOptions options;
  options.source_name = source;
  options.input_path = root;
  options.who = "tester";
  store::ImportWriter writer(store, options);
  writer.begin({"imagefolder", root, classes});
  const uint64_t seen = records.size();
  for (size_t first = 0; first < records.size(); first += per_call) {
    const size_t end = std::min(records.size(), first + per_call);
    writer.samples({std::make_move_iterator(records.begin() + static_cast<std::ptrdiff_t>(first)),
                    std::make_move_iterator(records.begin() + static_cast<std::ptrdiff_t>(end))});
  }
  writer.end(seen);
  return writer.finish(IssueLog());
}

RunId make_run(store::Store& store, const std::string& name, const std::vector<SampleId>& plan,
               size_t classes, uint64_t seed, size_t embedding_columns, size_t stage_columns) {
  store::RunSpec spec;
  spec.name = name;
  spec.kind = "probabilities";
  spec.model_path = "/models/" + name + ".pt";
  spec.classes = make_classes(classes);
  spec.batch_size = 16;
  spec.embedding_columns = embedding_columns;
  spec.stage_columns = stage_columns;
  store::RunWriter writer(store, spec, plan, store::OnExistingRun::kRefuse);
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<float> uniform(0.0F, 1.0F);
  for (size_t first = 0; first < plan.size(); first += 16) {
    const size_t count = std::min<size_t>(16, plan.size() - first);
    std::vector<float> rows;
    for (size_t i = 0; i < count; ++i) {
      const size_t top = uniform(random) < 0.9F ? static_cast<size_t>(plan[first + i] - 1) % classes
                                                : random() % classes;
      const float confidence = 0.55F + 0.4F * uniform(random);
      for (size_t k = 0; k < classes; ++k) {
        rows.push_back(k == top ? confidence : (1 - confidence) / static_cast<float>(classes - 1));
      }
    }
    std::vector<float> embeddings(count * embedding_columns);
    for (float& value : embeddings) value = uniform(random);
    store::RunRows batch;
    batch.probabilities = rows;
    batch.embeddings = embeddings;
    const std::vector<float> stages(count * stage_columns, 1);
    batch.stages = stages;
    writer.write(first, batch);
  }
  return writer.finish().id;
}

store::Edit set_label(SampleId sample, std::vector<ClassId> classes) {
  store::Edit edit;
  edit.sample = sample;
  edit.kind = store::EditKind::kSetLabel;
  edit.labels = std::move(classes);
  return edit;
}

store::Edit make_edit(SampleId sample, store::EditKind kind, std::string text) {
  store::Edit edit;
  edit.sample = sample;
  edit.kind = kind;
  edit.text = std::move(text);
  return edit;
}

std::string snapshot_text(const Snapshot& snapshot) {
  std::string text =
      fmt::format("active {} revision {}\n", snapshot.samples.active_run, snapshot.label_revision);
  for (const std::string& name : snapshot.classes.names()) text += "class " + name + "\n";
  for (const RunSummary& run : snapshot.runs) {
    text += fmt::format("run {} {} {} stale {}\n", run.name, run.predicted_samples, run.trained_on,
                        run.scores_stale);
  }
  std::vector<const Column*> columns;
  for (const auto& column : snapshot.samples.columns()) columns.push_back(column.get());
  std::sort(columns.begin(), columns.end(),
            [](const Column* a, const Column* b) { return a->name < b->name; });
  for (const Column* column : columns) {
    text += fmt::format("column {} {}\n", column->name, column_type_name(column->type));
    for (size_t row = 0; row < column->rows; ++row) {
      const auto index = static_cast<RowIndex>(row);
      if (column->is_null(index)) {
        text += "NULL\n";
      } else if (column->type == ColumnType::kSet) {
        std::vector<std::string> members;
        for (uint64_t i = column->offsets[row]; i < column->offsets[row + 1]; ++i) {
          members.push_back((*column->dictionary)[column->codes[i]]);
        }
        std::sort(members.begin(), members.end());
        text += fmt::format("{}\n", fmt::join(members, ","));
      } else {
        text += column->display(index) + "\n";
      }
    }
  }
  return text;
}

}  // namespace errata::test
