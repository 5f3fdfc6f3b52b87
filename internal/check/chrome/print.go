package chrome

import (
	"context"
	"fmt"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Print makes a tagged PDF of a document that has all that it needs inside. It
// runs no script and asks nobody for anything. What stands in the document
// reaches the browser over its pipe and lies in memory alone: no file holds it.
func Print(ctx context.Context, program string, document []byte) ([]byte, error) {
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.DisableGPU, chromedp.NoInheritEnv,
		chromedp.Flag("incognito", true), chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-quic", true))
	if !Sandboxed() {
		flags = append(flags, chromedp.NoSandbox)
	}
	alloc, stop, err := allocate(ctx, flags)
	if err != nil {
		return nil, err
	}
	defer stop()
	tab, cancel := chromedp.NewContext(alloc)
	defer cancel()
	if err := chromedp.Do(tab); err != nil {
		return nil, fmt.Errorf("%w: %w", errStart, err)
	}
	pdf, err := printed(tab, string(document))
	if err != nil {
		return nil, fmt.Errorf("chrome: print: %w", err)
	}
	return pdf, nil
}

func printed(tab context.Context, document string) ([]byte, error) {
	if _, err := chromedp.Call(tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		return nil, err
	}
	tree, err := chromedp.Call(tab, cdppage.GetFrameTree, cdp.Empty{})
	if err != nil {
		return nil, err
	}
	if _, err := chromedp.Call(tab, cdppage.SetDocumentContent, cdppage.SetDocumentContentParams{FrameID: tree.FrameTree.Frame.ID, HTML: document}); err != nil {
		return nil, err
	}
	out, err := chromedp.Call(tab, cdppage.PrintToPDF, cdppage.PrintToPDFParams{PreferCSSPageSize: new(true), PrintBackground: new(true), GenerateTaggedPDF: new(true)})
	return out.Data, err
}
