// Command pulumi-previews runs many `pulumi preview` commands in one process.
//
// An engine of its own for each of a dozen stacks costs each the start of the program and the derivation of the same key, a
// quarter of a second of a core, more than planning a small stack takes. A preview changes nothing, so stacks can share a
// process: what falls with it is only a plan. The commands are those of the engine's own command line, unchanged.
//
// Each line of standard input is a request {"id": "...", "arguments": ["preview", "--stack", ...]}; each line of standard
// output answers one: {"id": "...", "code": 0, "error": ""}. It ends with its standard input. What the commands print goes to
// standard error.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"

	"github.com/spf13/cobra"
	"go.uber.org/automaxprocs/maxprocs"

	"github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/operations"
	cmdStack "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi/stack"
	"github.com/pulumi/pulumi/pkg/v3/secrets/passphrase"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/result"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
)

type request struct {
	ID        string   `json:"id"`
	Arguments []string `json:"arguments"`
}

type answer struct {
	ID    string `json:"id"`
	Code  int    `json:"code"`
	Error string `json:"error"`
}

// Making a command sets the shared variable of the settings file anew, so all are made before the first runs.
const most = 256

func command() *cobra.Command {
	root := &cobra.Command{Use: "pulumi", SilenceErrors: true, SilenceUsage: true}
	// Of the root command of `pulumi`, set for the whole process below.
	root.PersistentFlags().Bool("non-interactive", true, "")
	root.PersistentFlags().String("color", "never", "")
	root.AddCommand(operations.NewPreviewCmd())
	return root
}

func run(each request, root *cobra.Command) answer {
	root.SetArgs(each.Arguments)
	err := root.ExecuteContext(context.Background())
	switch {
	case err == nil:
		return answer{ID: each.ID}
	case result.IsBail(err): // told in the event log already
		return answer{ID: each.ID, Code: 255}
	default:
		return answer{ID: each.ID, Code: 255, Error: "error: " + err.Error()}
	}
}

func main() {
	// The engine keeps the file's name in a variable of the whole process, so it cannot be a request's.
	settings := flag.String("config-file", "", "the settings `file` that all stacks share")
	salt := flag.String("salt", "", "the `salt` that the stacks share: their key is derived once")
	flag.Parse()
	maxprocs.Set() //nolint:errcheck // then it is the number of processors, as without the call
	// The commands print to os.Stdout, which is for the answers.
	answers := json.NewEncoder(os.Stdout)
	os.Stdout = os.Stderr
	// Each running preview hears the signal for itself, and is asked to stop; between previews it is no reason to end.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	cmdutil.DisableInteractive = true
	if err := cmdutil.SetGlobalColorization("never"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	commands := make(chan *cobra.Command, most)
	for range most {
		commands <- command()
	}
	cmdStack.ConfigFile = *settings
	if *salt != "" {
		// It keeps what it made; commands that begin together would each derive the key. What is wrong is told by each.
		stack := &workspace.ProjectStack{EncryptionSalt: *salt}
		passphrase.NewPromptingPassphraseSecretsManager(stack, false) //nolint:errcheck
	}

	var writing sync.Mutex
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var each request
		if err := json.Unmarshal(lines.Bytes(), &each); err != nil {
			fmt.Fprintln(os.Stderr, "not a request:", err)
			os.Exit(1)
		}
		go func() {
			said := answer{ID: each.ID, Code: 255, Error: fmt.Sprintf("error: more than %d previews in one process", most)}
			select {
			case root := <-commands:
				said = run(each, root)
			default:
			}
			writing.Lock()
			defer writing.Unlock()
			if err := answers.Encode(said); err != nil {
				os.Exit(1) // nobody listens any more
			}
		}()
	}
}
