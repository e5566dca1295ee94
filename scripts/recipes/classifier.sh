#!/usr/bin/env bash
# Makes models/mask_classifier.tflite from the shared data, from the first picture to the score.
#
# command    scripts/recipes/classifier.sh                leaves adityap27 out of training and scores on it
#            FINAL=1 scripts/recipes/classifier.sh        learns from all of them: the model that is shipped
#            Interrupted, the same command goes on. What is finished is not done again.
# settings   MASKWATCH_DATA=DIR   the data sets (../shared/data)
#            EPOCHS=N             at most (11); it stops sooner when the validation loss no longer falls
#            RUN=DIR              where the run is kept; other data or epochs need another one
# data       jolignier, kaggle853, smart1600, with FINAL=1 adityap27; class folders prajna, maskon_synth, jamesnogra:
#            (measured: …) faces, 7,000 an epoch; what models/face_detector.tflite takes for faces in their pictures
#            and is none: so the detector's recipe comes first
# hardware   (measured: …)
# wall time  (measured: …)
# expected   on adityap27, boxes given: accuracy (measured: …), F1 masked / bare / worn wrongly (measured: …);
#            label right on found faces from 3 % / 8 % (measured: …); accuracy float (measured: …), int8 (measured: …)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/recipes/common.sh
source scripts/recipes/common.sh

RUN=${RUN:-runs/recipe/classifier${FINAL:+-final}}

train() {
    if [[ -f $RUN/report.json ]]; then
        say "$RUN is trained"
        return
    fi
    local boxes=("$DATA"/detection/{jolignier,kaggle853,smart1600,adityap27}/annotations.csv) held_out=()
    local folders=("$DATA"/classification/{prajna,maskon_synth,jamesnogra})
    [[ -n ${FINAL:-} ]] || held_out=(--leave-out "$HELD_OUT")
    need "${boxes[@]}" "${folders[@]}" "$TEACHER" "$IMAGENET"
    say "Training the classifier …"
    ./setup.sh train classifier --boxes "${boxes[@]}" --folders "${folders[@]}" "${held_out[@]}" \
        --labels with_mask without_mask mask_worn_incorrectly not_face --detector models/face_detector.tflite \
        --teacher "$TEACHER" --weights "$IMAGENET" \
        --epochs "${EPOCHS:-11}" --head-epochs 1 --epoch-faces 7000 --output "$RUN"
}

train
convert_run "$RUN" mask_classifier
evaluate_models "$RUN"
