#!/usr/bin/env bash
# Makes models/face_detector.tflite from the shared data, from the first picture to the score.
#
# command    scripts/recipes/detector.sh                  leaves adityap27 out of training and scores on it
#            FINAL=1 scripts/recipes/detector.sh          learns from all of them, from the first epoch on
#            Interrupted, the same command goes on. What is finished is not done again.
# stages     most epochs at 384×256, where one costs two thirds; the rest at 480×320, the size that is shipped
# settings   MASKWATCH_DATA=DIR   the data sets (../shared/data)
#            EXTRA="A.csv B.csv"  more annotations, such as `./setup.sh train annotate` writes
#            EPOCHS=N             of the first stage (60); the second has a fifth of them
#            RUN=DIR              where the run is kept; other data or epochs need another one
# data       jolignier, kaggle853, smart1600, with FINAL=1 adityap27, and EXTRA
# hardware   two cores of an AMD EPYC (a virtual machine), no GPU
# wall time  20 epochs of the first stage 66 minutes beside other work; so 60 and 13 about four and a half hours. They have
#            not been run in one piece with this script.
# expected   somewhat less than models/MODEL_CARD.md says of models/scored/, which had 5,504 more pictures (EXTRA)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=scripts/recipes/common.sh
source scripts/recipes/common.sh

RUN=${RUN:-runs/recipe/detector${FINAL:+-final}}

# learn RUN WORD…: trains into RUN unless that is done.
learn() {
    local run=$1 extra boxes=("$DATA"/detection/{jolignier,kaggle853,smart1600,adityap27}/annotations.csv) held_out=()
    shift
    if [[ -f $run/report.json ]]; then
        say "$run is trained"
        return
    fi
    read -ra extra <<<"${EXTRA:-}"
    [[ -n ${FINAL:-} ]] || held_out=(--leave-out "$HELD_OUT")
    need "${boxes[@]}" "$TEACHER" "$IMAGENET"
    say "Training into $run …"
    ./setup.sh train detector --boxes "${boxes[@]}" "${extra[@]}" "${held_out[@]}" --teacher "$TEACHER" \
        --output "$run" "$@"
}

EPOCHS=${EPOCHS:-60}
learn "$RUN/small" --weights "$IMAGENET" --input 384x256 --epochs "$EPOCHS"
hand_on "$RUN/small" "$RUN"
learn "$RUN" --weights "$RUN/small/model.keras" --input 480x320 --epochs $((EPOCHS / 5 + 1)) --learning-rate 0.0015
convert_run "$RUN" face_detector
evaluate_models "$RUN"
