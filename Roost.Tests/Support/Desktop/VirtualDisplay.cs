using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Roost.Tests.Support;

/// <summary>A display without a screen, which Xvfb keeps in a file. Where that or GTK is missing, the test that asks for it is skipped.</summary>
internal sealed class VirtualDisplay : IDisposable
{
    private const int Width = 480, Height = 200;
    private static readonly string[] Libraries = ["libgtk-3.so.0", "libX11.so.6", "libXtst.so.6"];

    private readonly TemporaryFolder folder;
    private readonly Process server;

    private VirtualDisplay(TemporaryFolder folder, Process server, string name) => (this.folder, this.server, Name) = (folder, server, name);

    /// <summary>What programs have as DISPLAY.</summary>
    public string Name { get; }

    public static async Task<VirtualDisplay> StartAsync()
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("The window is tried on Linux, under Xvfb.");
        foreach (string library in Libraries)
            if (!NativeLibrary.TryLoad(library, out _))
                Assert.Ignore($"{library} could not be loaded; install Debian's libgtk-3-0 and libxtst6 to run the tests of the desktop program.");
        var folder = new TemporaryFolder();
        try
        {
            string[] arguments = ["-displayfd", "1", "-screen", "0", $"{Width}x{Height}x24", "-fbdir", folder.Root, "-nolisten", "tcp"];
            Process server = Process.Start(new ProcessStartInfo("Xvfb", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            _ = server.StandardError.ReadToEndAsync();
            string? number = await server.StandardOutput.ReadLineAsync().Soon(); // It says so when it is ready.
            return number is null ? throw new InvalidOperationException("Xvfb has ended before it was ready.") : new(folder, server, $":{number}");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            folder.Dispose();
            Assert.Ignore("There is no Xvfb on the PATH; install Debian's xvfb to run the tests of the desktop program.");
            throw;
        }
    }

    /// <summary>A program whose windows are shown here, looking the same wherever it runs.</summary>
    public Process Show(ProcessStartInfo start)
    {
        start.Environment["DISPLAY"] = Name;
        start.Environment["GDK_BACKEND"] = "x11";
        start.Environment["GTK_THEME"] = "Adwaita";
        start.Environment["NO_AT_BRIDGE"] = "1"; // There is no bus here to tell readers of screens.
        start.Environment["GSETTINGS_BACKEND"] = "memory";
        return Process.Start(start)!;
    }

    /// <summary>What is on the screen now.</summary>
    public ScreenPicture Look() => ScreenPicture.Read(File.ReadAllBytes(folder["Xvfb_screen0"]));

    /// <summary>Presses the mouse at a place, as a person does.</summary>
    public void Click(int x, int y)
    {
        nint display = XOpenDisplay(Encoding.ASCII.GetBytes($"{Name}\0"));
        display.Should().NotBe(0);
        const uint left = 1;
        bool sent = XTestFakeMotionEvent(display, -1, x, y, 0) != 0
            && XTestFakeButtonEvent(display, left, 1, 0) != 0
            && XTestFakeButtonEvent(display, left, 0, 0) != 0;
        _ = XCloseDisplay(display);
        sent.Should().BeTrue();
    }

    public void Dispose()
    {
        server.Kill();
        server.WaitForExit();
        server.Dispose();
        folder.Dispose();
    }

    [DllImport("libX11.so.6")]
    private static extern nint XOpenDisplay(byte[] name);

    [DllImport("libX11.so.6")]
    private static extern int XCloseDisplay(nint display);

    [DllImport("libXtst.so.6")]
    private static extern int XTestFakeMotionEvent(nint display, int screen, int x, int y, nuint delay);

    [DllImport("libXtst.so.6")]
    private static extern int XTestFakeButtonEvent(nint display, uint button, int isPressed, nuint delay);
}
