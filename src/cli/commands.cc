#include "cli/commands.h"

#include <array>

namespace errata::cli {

namespace {

constexpr std::array kCommands{
    CommandEntry{"import", "Import images and labels from a folder or file",
                 "errata import photos/\n"
                 "errata import /usr/share/datasets/fashion-mnist\n"
                 "errata import labels.csv --images photos/ --split train\n"
                 "errata import instances_val2017.json --images val2017/\n"
                 "errata import VOCdevkit/VOC2012\n"
                 "errata import data.yaml",
                 setup_import},
    CommandEntry{"predictions", "Attach predictions that another tool wrote",
                 "errata predictions probs.npy --files files.txt --run resnet20\n"
                 "errata predictions predictions.csv --trained-on \"split = 'train'\"\n"
                 "errata predictions runs/detect/val --class-map data.yaml --run yolo",
                 setup_predictions},
    CommandEntry{"infer", "Run a model over the samples",
                 "errata infer --model resnet18.torchscript --trained-on \"split = 'train'\"\n"
                 "errata infer --model resnet18.torchscript --precision bf16 --resume\n"
                 "errata infer --model yolov8n.torchscript --confidence 0.001",
                 setup_infer},
    CommandEntry{"probe", "Out-of-sample probabilities from embeddings, without a model of yours",
                 "errata probe\nerrata probe --embeddings resnet18 --folds 10 --run probe10\n"
                 "errata probe --fine-tune",
                 setup_probe},
    CommandEntry{"rank", "Show the samples that a score says to look at first",
                 "errata rank\n"
                 "errata rank --by loss --where \"split = 'test'\" --limit 50\n"
                 "errata rank --limit 0 --format csv > mistakes.csv\n"
                 "errata rank --objects --by iou --where \"error = 'localisation' and iou > 0.3\"",
                 setup_rank},
    CommandEntry{"metrics", "Measure a run against the labels",
                 "errata metrics --where \"split = 'test'\"\n"
                 "errata metrics --run resnet20 --calibration --json",
                 setup_metrics},
    CommandEntry{"compare", "Measure two runs on the samples that both predict",
                 "errata compare resnet18 resnet50 --where \"split = 'test'\"", setup_compare},
    CommandEntry{"audit", "Estimate from a random sample how good labels and model are",
                 "errata audit draw --where \"split = 'test'\" --size 100\nerrata audit show",
                 setup_audit},
    CommandEntry{"scores", "List the scores and columns that filters and rank know",
                 "errata scores\nerrata scores --json", setup_scores},
    CommandEntry{
        "find",
        "Find what is wrong: labels, boxes, pictures, copies, outliers, weak slices, the set",
        "errata find\n"
        "errata find labels --where \"split = 'test'\"\n"
        "errata find quality labels duplicates\n"
        "errata find labels --tag suspect quality --issue blurry",
        setup_find},
    CommandEntry{"similar", "Samples that look like others, or unlike them",
                 "errata similar photos/17.jpg\n"
                 "errata similar id:17 id:18 --unlike id:40 --where \"label = 'cat'\"",
                 setup_similar},
    CommandEntry{"map", "Lay all samples out in the plane, neighbours together",
                 "errata map\nerrata map --embeddings resnet18 --seed 2", setup_map},
    CommandEntry{"edit", "Correct labels, exclude, keep, tag; edit files in and out",
                 "errata edit set cat photos/17.jpg -m 'whiskers'\n"
                 "errata edit exclude --where \"width < 10\"\n"
                 "errata edit apply corrections.jsonl",
                 setup_edit},
    CommandEntry{"undo", "Take back the newest batch of edits",
                 "errata undo\nerrata undo --batch 12", setup_undo},
    CommandEntry{"redo", "Take back the newest undo", "errata redo", setup_redo},
    CommandEntry{"log", "What was changed, when, by whom and why",
                 "errata log\nerrata log --who ann --format csv", setup_log},
    CommandEntry{"classes", "List, add, rename and merge classes",
                 "errata classes list\nerrata classes rename automobile car", setup_classes},
    CommandEntry{"split", "Decide who goes into train, val and test",
                 "errata split train=0.8,val=0.1,test=0.1\n"
                 "errata split --folds 5 --group attr.patient\n"
                 "errata split train=0.9,test=rest --extend",
                 setup_split},
    CommandEntry{"version", "Create, list, show, compare and restore versions",
                 "errata version create cleaned -m 'mistakes of resnet20 reviewed'\n"
                 "errata version diff first cleaned",
                 setup_version},
    CommandEntry{"export", "Write a version as files that other tools read",
                 "errata export --version cleaned --format imagefolder --to out/cleaned\n"
                 "errata export --version cleaned --format csv --to out/table --files none\n"
                 "errata export --version cleaned --format coco --to out/coco --files hardlink\n"
                 "errata export --version cleaned --format coco --to out/coco --dry-run",
                 setup_export},
    CommandEntry{"info", "What is inside the store", "errata info\nerrata info --json", setup_info},
    CommandEntry{"issues", "What imports, predictions and passes had to say",
                 "errata issues\nerrata issues --kind truncated-image --format csv", setup_issues},
    CommandEntry{"doctor", "Check the store and this machine",
                 "errata doctor\nerrata doctor --content", setup_doctor},
    CommandEntry{"root", "List the folders of the images, or say where they moved",
                 "errata root list\nerrata root set 1 /mnt/disk2/photos", setup_root},
    CommandEntry{"runs", "List, show and delete runs", "errata runs list\nerrata runs delete old",
                 setup_runs},
    CommandEntry{"sql", "Read-only SQL over the public views",
                 "errata sql \"select label, count(*) as n from v_samples group by label\"\n"
                 "errata sql --views",
                 setup_sql},
    CommandEntry{
        "view", "Open the viewer",
        "errata view\nerrata view --screenshot review.png --filter \"label != prediction\"",
        setup_view},
};

}  // namespace

std::span<const CommandEntry> all_commands() {
  return kCommands;
}

}  // namespace errata::cli
