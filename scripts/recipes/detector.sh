#!/usr/bin/env bash
# Makes models/face_detector.tflite from the shared data, from the first picture to the score.
#
# command    scripts/recipes/detector.sh                  leaves adityap27 out of training and scores on it
#            FINAL=1 scripts/recipes/detector.sh          learns from all of them: the model that is shipped
#            Interrupted, the same command goes on. What is finished is not done again.
# settings   MASKWATCH_DATA=DIR   the data sets (../shared/data)
#            EXTRA="A.csv B.csv"  more annotations, such as `./setup.sh train annotate` writes
#            EPOCHS=N             (60)
#            RUN=DIR              where the run is kept; other data or epochs need another one
# data       jolignier, kaggle853, smart1600, with FINAL=1 adityap27, and EXTRA: (measured: …) pictures, (measured: …) faces
# hardware   (measured: …)
# wall time  (measured: …)
# expected   on adityap27, faces from 3 % / 8 % of the long side: mean F1 (measured: …), masked found (measured: …),
#            bare found (measured: …), false faces a picture (measured: …); face F1 float (measured: …), int8 (measured: …)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/recipes/common.sh
source scripts/recipes/common.sh

RUN=${RUN:-runs/recipe/detector${FINAL:+-final}}

train() {
    if [[ -f $RUN/report.json ]]; then
        say "$RUN is trained"
        return
    fi
    local extra boxes=("$DATA"/detection/{jolignier,kaggle853,smart1600,adityap27}/annotations.csv) held_out=()
    read -ra extra <<<"${EXTRA:-}"
    [[ -n ${FINAL:-} ]] || held_out=(--leave-out "$HELD_OUT")
    need "${boxes[@]}" "$TEACHER" "$IMAGENET"
    say "Training the detector …"
    ./setup.sh train detector --boxes "${boxes[@]}" "${extra[@]}" "${held_out[@]}" \
        --teacher "$TEACHER" --weights "$IMAGENET" --epochs "${EPOCHS:-60}" --output "$RUN"
}

train
convert_run "$RUN" face_detector
evaluate_models "$RUN"
