#!/usr/bin/env bash
# Fetch every student's repository, from whatever host: GitHub, GitLab, Gitea, a folder.
#
#   bash collect.sh students.csv submitted [DEADLINE]
#
# students.csv has a line of headings, then `student,repository`. DEADLINE is a date that git
# understands, such as "2026-11-30 23:59 +0100": the last commit before it counts, by the date that
# the commit says. Run it again to fetch what is new. git asks for a password or uses your key.
set -euo pipefail

table=$1 folder=$2 deadline=${3:-}
here=$(cd "$(dirname "$0")" && pwd)
. "$here/each.sh"

# What a repository says to run, follow or fetch besides is not run, followed or fetched.
export GIT_LFS_SKIP_SMUDGE=1 GIT_TERMINAL_PROMPT=${GIT_TERMINAL_PROMPT:-1}
safe=(-c core.hooksPath=/dev/null -c core.symlinks=false -c submodule.recurse=false)

collect() {
    local student=$1 repository=$2 place=$folder/$1 commit
    if [ -d "$place/.git" ]; then
        git "${safe[@]}" -C "$place" fetch --quiet --force origin || return
    else
        git "${safe[@]}" clone --quiet --no-checkout -- "$repository" "$place" || return
    fi
    git -C "$place" remote set-head origin --auto > /dev/null 2>&1 || true
    commit=$(git -C "$place" rev-list -1 ${deadline:+"--before=$deadline"} origin/HEAD) || return
    if [ -z "$commit" ]; then
        echo "  nothing before $deadline"
        return 1
    fi
    git "${safe[@]}" -C "$place" checkout --quiet --force --detach "$commit" || return
    git "${safe[@]}" -C "$place" clean -ffdqx || return
    echo "$student: $(git -C "$place" log -1 --format='%h, %ci')"
}

mkdir -p "$folder"
each_student "$table" collect
