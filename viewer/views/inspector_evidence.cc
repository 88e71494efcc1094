// Neighbours and evidence of the sample, below what the models say.
#include <algorithm>

#include "viewer/views/evidence_parts.h"
#include "viewer/views/inspector_sections.h"
#include "viewer/widgets/text.h"

namespace errata::viewer {

namespace {

constexpr size_t kInRow = 5;

}  // namespace

void draw_evidence(const Inspected& sample) {
  const FrameContext& frame = sample.frame;
  const SampleEvidence* evidence = InspectDesk::evidence(frame.state);
  const bool embedded = InspectDesk::has_embeddings(frame.state);
  if (evidence == nullptr && !embedded) return;
  const LabelQuestion question = label_question(frame.state, sample.row);
  const float gap = frame.theme.px(8);
  const float side = (sample.width - gap * (kInRow - 1)) / kInRow;
  if (embedded) {
    const bool any = evidence == nullptr || !evidence->alike.empty() || !evidence->lacks.empty();
    if (any) draw_section_title(sample, "Nearest neighbours and their labels");
    // While they are on their way the lines below keep their place.
    if (evidence == nullptr) {
      ImGui::Dummy(ImVec2(sample.width, side + frame.theme.px(25)));
    } else if (!evidence->lacks.empty()) {
      paragraph(frame.theme, evidence->lacks, frame.theme.text_dim, sample.width);
    } else {
      draw_neighbours(frame, question, sample.width, side, kInRow);
    }
  }
  if (evidence == nullptr) return;
  if (!evidence->copies.empty()) {
    draw_section_title(sample, "Copies");
    draw_copies(frame, question, sample.width, side, kInRow);
  }
  const std::vector<EvidenceLine> lines = evidence_lines(frame, question);
  // What the bars above already say is no section of its own.
  if (evidence->alike.empty() && evidence->copies.empty() && !evidence->quality_known) return;
  draw_section_title(sample, "Evidence");
  draw_evidence_lines(frame, lines, sample.width);
}

}  // namespace errata::viewer
