# Calls a function for each line of a table of students; one that fails stops nobody.

each_student() {
    local table=$1 function=$2 student repository failed=()
    while IFS=, read -r student repository || [ -n "$student" ]; do
        repository=${repository%$'\r'}
        case $student in
            '' | '#'*) continue ;;
            .* | -* | *[!A-Za-z0-9._@-]*)
                echo "$student: a student's name here is of letters, digits and . _ @ -" >&2
                failed+=("$student")
                continue
                ;;
        esac
        case $repository in
            '' | -* | *::*) # ext::COMMAND would run a command
                echo "$student: $repository is no address of a repository" >&2
                failed+=("$student")
                continue
                ;;
        esac
        "$function" "$student" "$repository" < /dev/null || failed+=("$student")
    done < <(tail -n +2 -- "$table")
    if [ ${#failed[@]} -gt 0 ]; then
        echo "failed: ${failed[*]}" >&2
        return 1
    fi
}
