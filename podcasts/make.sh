#!/bin/sh
# Makes the sound and the transcript of a sample episode from lines of text: each
# line is spoken by itself, so its time is known. It needs espeak-ng and lame.
#
#   podcasts/make.sh podcasts/small-programs-out-loud/001-a-name-for-a-value
#
# reads that name with .lines behind it and writes .mp3 and .vtt.
set -eu
name=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
pause=400 # milliseconds behind each line

clock() { awk -v ms="$1" 'BEGIN { s = int(ms / 1000); printf "%02d:%02d.%03d", int(s / 60), s % 60, ms % 1000 }'; }

printf 'WEBVTT\n' >"$name.vtt"
: >"$tmp/all.raw"
at=0
while IFS= read -r line; do
	[ -n "$line" ] || continue
	# A WAV header has 44 bytes; what follows is 22050 samples a second, two bytes each.
	espeak-ng -v en-gb -s 150 -g 4 --stdout "$line" | tail -c +45 >"$tmp/line.raw"
	bytes=$(wc -c <"$tmp/line.raw")
	length=$((bytes * 1000 / 44100))
	printf '\n%s --> %s\n<v Narrator>%s\n' "$(clock $at)" "$(clock $((at + length)))" "$line" >>"$name.vtt"
	cat "$tmp/line.raw" >>"$tmp/all.raw"
	head -c $((pause * 441 / 10 / 2 * 2)) /dev/zero >>"$tmp/all.raw"
	at=$((at + length + pause))
done <"$name.lines"
lame --quiet -r -s 22.05 -m m --signed --little-endian --bitwidth 16 --resample 16 -b 24 "$tmp/all.raw" "$name.mp3"
echo "$name: $(clock $at), $(wc -c <"$name.mp3") bytes"
