using System.Runtime.InteropServices;

namespace Roost.Samples.Desktop;

/// <summary>Here is no window to be had: the program ends and says why.</summary>
internal sealed class NoDesktopException(string message) : Exception(message);

/// <summary>The few functions of GTK 3 that the window needs. All but <see cref="WhenIdle"/> are called on the thread of the window.</summary>
internal static partial class Gtk
{
    private const string Library = "libgtk-3.so.0", ObjectLibrary = "libgobject-2.0.so.0", LoopLibrary = "libglib-2.0.so.0";

    /// <summary>What GTK calls back with: whatever it belongs to, which nobody here needs.</summary>
    public delegate void Clicked(nint widget, nint data);

    /// <summary>True where the window is not to go away by itself.</summary>
    [return: MarshalAs(UnmanagedType.Bool)]
    public delegate bool Deleting(nint window, nint what, nint data);

    /// <summary>True where it is to be called again.</summary>
    [return: MarshalAs(UnmanagedType.Bool)]
    public delegate bool Called(nint data);

    /// <exception cref="NoDesktopException">There is no GTK, or no display that it can open.</exception>
    public static void Start()
    {
        foreach (string library in (string[])[Library, ObjectLibrary, LoopLibrary])
            if (!NativeLibrary.TryLoad(library, out _))
                throw new NoDesktopException($"There is no GTK 3 here: {library} could not be loaded. Debian has it as libgtk-3-0.");
        if (!InitCheck(0, 0))
            throw new NoDesktopException(
                $"There is no display here: DISPLAY is \"{Environment.GetEnvironmentVariable("DISPLAY")}\", and GTK could open none. " +
                "Xvfb gives one without a screen.");
    }

    [LibraryImport(Library, EntryPoint = "gtk_init_check")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool InitCheck(nint count, nint arguments);

    [LibraryImport(Library, EntryPoint = "gtk_main")]
    public static partial void Loop();

    [LibraryImport(Library, EntryPoint = "gtk_main_quit")]
    public static partial void EndLoop();

    [LibraryImport(Library, EntryPoint = "gtk_window_new")]
    public static partial nint Window(int kind);

    [LibraryImport(Library, EntryPoint = "gtk_window_set_title", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void SetTitle(nint window, string title);

    [LibraryImport(Library, EntryPoint = "gtk_window_set_default_size")]
    public static partial void SetSize(nint window, int width, int height);

    [LibraryImport(Library, EntryPoint = "gtk_box_new")]
    public static partial nint Box(int direction, int spacing);

    [LibraryImport(Library, EntryPoint = "gtk_container_add")]
    public static partial void Add(nint container, nint widget);

    [LibraryImport(Library, EntryPoint = "gtk_container_set_border_width")]
    public static partial void SetBorder(nint container, uint width);

    [LibraryImport(Library, EntryPoint = "gtk_label_new", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint Label(string text);

    [LibraryImport(Library, EntryPoint = "gtk_label_set_text", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void SetText(nint label, string text);

    [LibraryImport(Library, EntryPoint = "gtk_button_new_with_label", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint Button(string text);

    [LibraryImport(Library, EntryPoint = "gtk_button_set_label", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void SetButton(nint button, string text);

    [LibraryImport(Library, EntryPoint = "gtk_progress_bar_new")]
    public static partial nint Bar();

    [LibraryImport(Library, EntryPoint = "gtk_progress_bar_set_show_text")]
    public static partial void ShowText(nint bar, [MarshalAs(UnmanagedType.Bool)] bool show);

    [LibraryImport(Library, EntryPoint = "gtk_progress_bar_set_text", StringMarshalling = StringMarshalling.Utf8)]
    public static partial void SetBarText(nint bar, string text);

    [LibraryImport(Library, EntryPoint = "gtk_progress_bar_set_fraction")]
    public static partial void SetFraction(nint bar, double fraction);

    [LibraryImport(Library, EntryPoint = "gtk_widget_show_all")]
    public static partial void Show(nint widget);

    [LibraryImport(Library, EntryPoint = "gtk_widget_set_sensitive")]
    public static partial void SetEnabled(nint widget, [MarshalAs(UnmanagedType.Bool)] bool enabled);

    /// <summary>Keep the delegate: GTK holds its address alone.</summary>
    public static void OnClick(nint button, Clicked handler) => Connect(button, "clicked", Marshal.GetFunctionPointerForDelegate(handler), 0, 0, 0);

    /// <summary>Keep the delegate: GTK holds its address alone.</summary>
    public static void OnDelete(nint window, Deleting handler) => Connect(window, "delete-event", Marshal.GetFunctionPointerForDelegate(handler), 0, 0, 0);

    [LibraryImport(ObjectLibrary, EntryPoint = "g_signal_connect_data", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nuint Connect(nint sender, string signal, nint handler, nint data, nint destroy, int flags);

    /// <summary>Calls once the window's thread has nothing more urgent to do. The one function that any thread may call. Keep the delegate.</summary>
    [LibraryImport(LoopLibrary, EntryPoint = "g_idle_add")]
    public static partial uint WhenIdle(Called function, nint data);

    /// <summary>Calls every so many milliseconds. Keep the delegate.</summary>
    [LibraryImport(LoopLibrary, EntryPoint = "g_timeout_add")]
    public static partial uint Every(uint milliseconds, Called function, nint data);
}
