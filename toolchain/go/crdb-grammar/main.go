// Command crdb-grammar says whether CockroachDB's own grammar takes SQL statements.
//
// Each line on stdin is a JSON string with one statement; each line on stdout is a JSON object, in the same order:
// the statement's kind and its normalised text, or the error with its place. It executes nothing and knows no tables.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/parser"
	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/pgwire/pgerror"
	plpgsql "github.com/cockroachdb/cockroachdb-parser/pkg/sql/plpgsql/parser"
	"github.com/cockroachdb/cockroachdb-parser/pkg/sql/sem/tree"
)

const module = "github.com/cockroachdb/cockroachdb-parser"

type answer struct {
	OK         bool   `json:"ok"`
	Kind       string `json:"kind,omitempty"`
	Normalised string `json:"normalised,omitempty"`
	Error      string `json:"error,omitempty"`
	// Line and Column count from 1; 0 when the grammar names no place.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
}

func main() {
	if len(os.Args) > 1 {
		fmt.Println(version())
		return
	}
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	buffered := bufio.NewWriter(os.Stdout)
	out := json.NewEncoder(buffered)
	out.SetEscapeHTML(false)
	for in.More() {
		var sql string
		if err := in.Decode(&sql); err != nil {
			fail(fmt.Errorf("the input is not one JSON string per line: %w", err))
		}
		if err := out.Encode(parse(sql)); err != nil {
			fail(err)
		}
	}
	if err := buffered.Flush(); err != nil {
		fail(err)
	}
}

func parse(sql string) (reply answer) {
	// The grammar is meant to return errors; a panic of it is an answer about this statement, not about the next.
	defer func() {
		if cause := recover(); cause != nil {
			reply = answer{Error: fmt.Sprintf("the grammar gave up: %v", cause)}
		}
	}()
	statement, err := parser.ParseOne(sql)
	if err == nil {
		err = parseBody(statement.AST)
	}
	if err != nil {
		flat := pgerror.Flatten(err)
		line, column := place(flat.Detail)
		return answer{Error: flat.Message, Line: line, Column: column}
	}
	return answer{OK: true, Kind: statement.AST.StatementTag(), Normalised: statement.AST.String()}
}

// parseBody looks into a routine's body, which the statement's grammar takes as a mere string.
func parseBody(statement tree.Statement) error {
	routine, ok := statement.(*tree.CreateRoutine)
	if !ok {
		return nil
	}
	body, language := "", tree.RoutineLangUnknown
	for _, option := range routine.Options {
		switch each := option.(type) {
		case tree.RoutineBodyStr:
			body = string(each)
		case tree.RoutineLanguage:
			language = each
		}
	}
	var err error
	switch language {
	case tree.RoutineLangPLpgSQL:
		_, err = plpgsql.Parse(body)
	case tree.RoutineLangSQL:
		_, err = parser.Parse(body)
	}
	return err
}

// place reads where the grammar's drawing, the source up to the error with a caret below, points at.
func place(detail string) (line, column int) {
	lines := strings.Split(strings.TrimSuffix(detail, "\n"), "\n")
	caret := lines[len(lines)-1]
	if len(lines) < 3 || strings.TrimSpace(caret) != "^" {
		return 0, 0
	}
	return len(lines) - 2, strings.Index(caret, "^") + 1
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dependency := range info.Deps {
			if dependency.Path == module {
				return strings.TrimPrefix(dependency.Version, "v")
			}
		}
	}
	return "unknown"
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "crdb-grammar:", err)
	os.Exit(1)
}
