"""
The outline of mainland China, to about 3 km, and the pieces beside it where coordinates were never shifted.

Traced from Natural Earth 1:10m (public domain), widened 12 km out to sea so that islands and reclaimed land are inside,
simplified to hundredths of a degree. The borders to Hong Kong and Macau run through towns and are drawn by hand to about
200 m. What the law draws elsewhere is not claimed: the outline only answers where maps sold in mainland China are
shifted.
"""

import numpy as np
import numpy.typing as npt
import shapely

FloatArray = npt.NDArray[np.float64]

# Hundredths of a degree, longitude then latitude, as differences in zigzag base 32 (the polyline encoding).
_OUTLINE = (
    r"_kMetFEi@i@GQUFWLO]q@g@Ma@BiAo@]?LQIQg@La@AeAc@Ub@DNGNk@AMKUEMBSMOP]QY_@G_@UQ?QSM]EaBJaAOq@Bu@m@?Su@UGI{Bq@U@k@S"
    r"[ASWkAEEIFSIKXqAUa@{@K@G`@K?Io@SWDKIH[PEK[hAcCE]Fc@I]BI[Mr@Sp@DVK@Io@Yy@CKIq@G_@@_Dk@QBGX_@J{@Qm@TK?OYAa@z@MFIg@"
    r"gAO{@W_@]iA]m@Eo@UCyCp@wCAQJFPEBc@G{@e@w@AIYUECM@SPWCWN_AMg@Yk@KIqAAWKq@Ie@e@@KIKNY][s@Cw@JqAQAXIJTHBHONo@NVTGHg"
    r"B^MHEZg@PW?YVa@@YKe@@i@h@[?KMQ@GVs@R@F_@n@BLo@z@a@JIN@JOL?ZIF\r@Sd@?Px@t@Jr@QHYp@m@C]Ne@CQNeBAc@Lo@@oAGcCPe@Lk@h"
    r"@u@@[\q@LURcAPaAEHX?Xk@Jy@lBG^yAbAGd@eDMgMl@mBWoF\}@Ag@N_@b@[RoEb@{Bn@}CUCh@mABQHk@]yHmByG_@{BH_@IiB?c@SqAQaAYoB"
    r"mBwBc@e@_@a@GAQR]h@Yl@_AcAsBk@UyA@c@\_@HkDXw@a@g@IaAo@Ue@a@Go@JoACaAKaAk@a@GOQDU[e@i@e@q@SgBDOk@[CUNY?SQiAUyAFYO"
    r"GHOEMLw@Jc@Cc@Fa@MKK@c@XQLa@lAq@?Mb@IHY|@Sl@i@fAKpAFrAbAv@_@p@MlAHd@E^H`@V`Ak@Jk@w@U@w@o@q@AS_C}DqBf@k@@y@RU?{Cw"
    r"AwAGm@SGq@`@CDEOKI[i@]Ea@i@_@E[]W@IMK?IWa@mAi@_@GKO@KOMBWXSSg@t@SjAHHGAYm@SwBsAaA?}Ek@QHuCKYKe@HIGCHMIgAR]TYEYXu"
    r"@Fg@RIA?Ma@CyA`@SCUPNNe@C[ZQADHCHND?FEFMCWH?LO@KLBLMHLLm@JFPLHi@r@MB?NFJ[JBRUDRRKFGMM?NXEXgA|@?NOPNTMJDNs@VRb@GT"
    r"BR[JIR]LWASHY@_BMWFFRo@DWPSGWHGQS@MX_@BGPO@AJMBCJu@\{A@Xp@QJANYABJOZ\d@AHm@`@Ib@[B_AKe@NQGg@Ds@Ca@Ig@D[c@?K[@w@a"
    r"@uABk@_@_CY_@D_@RBVVVg@|@h@l@LF`@@XPDLM^TFPn@CHDV^`@OPLHGNh@VENJV\JL`@GFLPl@PNf@A`@d@P`Ei@RSXXP@BTb@XjAHDHNBW^g@"
    r"zBHHFl@Cd@DJUNALTb@ANRPAVTJh@CfAX@JS?MJBNHMJBb@WBe@VA?MVBLIH@Vp@CNNl@TAHLTKP?\V?VNJHA\Vd@Cj@Hn@El@FCXq@v@^f@VGBI"
    r"fAFRKnAGBEKEVIBQTMZRTGCHXNAFNZAJVLX^XJNXTLb@AVNCFPABHL@NPTCt@VALZCb@`@ZJf@\ELNVIJRLHGAJNFzA@l@RRCf@NFVPHRALOb@Na"
    r"@T?RJLVD\MPTT@LEbAj@P@PNfAHh@R\SFc@AOOQ_@CSQ_@@@Uj@APIJe@CQYSQCIc@_A]USQWOGUc@R]j@Sj@Bf@O^@R^b@Lh@b@BN`@f@bB\HJv"
    r"@NRRPBT^ETJVlAv@f@APZTNT?RSb@GZ[^F?VTLLRBRg@t@o@VqAJSIq@?]NGTu@l@GVFXPFXIDFBb@YPk@Hw@COe@cA_@BQGOkASD[KMQABSO_@i"
    r"@_@SHET\`@@NJJIRaA\MNMGUDOJCPiA?SQWAi@ZeA@QLATLPARNR@^JPt@ThAUTD`@\`@Az@NXPBLPT^HCRHPdATd@^N@HTVXr@LN^XTJ`@XJ?Je"
    r"@H_@b@gAV_A^c@~AOTCXU\GXMJOd@MLCfAyAl@Mp@a@Je@X[t@@VKJATDNLFJ\]r@DZXLv@Bb@JpAf@?Jc@Mc@Da@X[d@KM_@OKY[IKY_@CJSGYM"
    r"E]BMLARLLZBONCPDNAZTLUZ@d@f@XPTX?Bd@GTFd@PTZALl@VTYr@J\TLTEJR`@VGVNVb@?LWd@h@A\HXPNHZZRGNDNRHX@CNFZh@TILBTz@\M^P"
    r"`@ADWDWXANH\r@\@PNPP@VKp@TJf@PHRAXr@RLZBPWHJPAJx@f@ZFTj@\NXPFPXVFVCDXLJr@E?\j@TBRXVj@?XRZ@d@P\IDPNFp@ERQR?d@l@j@"
    r"EJL`@LNRFJGZNRb@BJM@OLGX@D@EZRPVEHUj@RTXTELOVTNl@NL^I`@DLGDS^DTKHVd@N\CPJj@@XNh@Ed@NR?Xh@MN?TTRRAWbAJR\\GD[UOA]^"
    r"[@Sh@Kz@p@b@\d@Vx@C\DP^Z^BRLBVLLp@@JZ`@Lf@CNSl@@NOPAbA_@HQCe@NWEWF_@Cg@O]i@U]]QCCYY[WGUFa@WsADIIFCRFPGPs@Ta@AWNW"
    r"BSEWBSSY?SFCZJdAJ^MD[h@@PMVR\?pAZJIUGZ@DQMIEPKI^]PCn@NLMPFLUR?b@SCUP@d@QNFAq@DQPG@QI_@SBM_@IGXQJBVMj@LLSVEl@L^YZ"
    r"CBSn@i@PT`ARLLE^XT\Ch@\RI?Q`@HRt@~@y@JDPd@PQ@MNINVRJ?LXTTILWn@WHBBINCj@fAp@GVLPWH@HFJ`@NDQv@[\BRORLHDp@UPRRf@Ut@"
    r"HFKCWJGCWLm@v@Rj@d@^@VM^RPSIWd@MDUGYBOV@RGFDZMh@@^EOs@UUHq@SUAMW?HYPALKTLDGXADI`@EIUBUTWOOL]VE@UAMe@UAMx@LTIfADj"
    r"@Np@\VMg@m@?UNEIGFOZCEy@WQS?HS@YSc@ECOHWQOS@SIU_@He@u@UDOIZo@IIGFKMJSMWGm@Do@Ce@LWGa@FIAg@R?JMTCFZN?Pw@HGEILKAa@"
    r"XO?IPQZ@P_@JBNGP\?PVLf@]\FLC@Od@_@Z@NXHMGGBI]SBSl@y@^H?OYGIQDCTFPYnADBV^CHD?LH?@IHHP?HNz@UBD^ENURGPRj@LBHMNPN`AT"
    r"h@Zr@Br@\R\p@d@JCRLFLKFLRd@RHGDHDCDFJOBJT?ZN`AE?c@j@KXQRBRRN?RKn@Kb@@?IUM@Ef@MPFLSLFn@?`@Z`@FVPVb@TJRb@\RDREPPBV"
    r"QDYU{@D_@h@Ul@Xr@DDNr@GRR\@HGXDFILFZAZWR?LKPADMJCT@F\PFh@QJ_@NNG^ZDTq@XOFUPN`@ILFt@G@[OQ?KRIXRV?VK@IJG`@GLW^KAWH"
    r"EHOEILM^El@JJLTCb@w@PC@ONKTFNONEJDz@s@j@U`@EBKCKJI?S|@E`@KRPVGFh@NFHTVAVm@f@Mb@[nAUBQIKJMT@l@c@PC^Fb@ODMPINg@VQJ"
    r"@HPHCJJTAA]JIWURKHUOc@x@u@@e@JWo@GSIG`@a@T[CKW]?e@_@CK^q@Gg@x@Kx@w@@}@Lc@AOq@]BWx@e@jAS^uAXi@Gk@^JTMTFp@AXKZ?RKZ"
    r"?`A_@D]ZLl@BNa@ZEHI?IOIEQFIA_@Xc@f@Uj@BNe@p@M^@JHPQXEVD^U?GOAEIY?SMMPSCc@OCMMCt@g@?IOWNKCID[PMBg@MQ?MNMrA]j@?NL@"
    r"Lh@KZw@GIQACIVQT_@"
)
_HONG_KONG = (
    (113.833, 22.140), (113.833, 22.330), (113.866, 22.433), (113.887, 22.452), (113.929, 22.476), (113.947, 22.487),
    (113.975, 22.497), (114.006, 22.506), (114.030, 22.505), (114.050, 22.503), (114.070, 22.514), (114.082, 22.517),
    (114.090, 22.528), (114.100, 22.534), (114.108, 22.533), (114.113, 22.531), (114.120, 22.533), (114.127, 22.537),
    (114.137, 22.541), (114.147, 22.541), (114.151, 22.549), (114.155, 22.556), (114.163, 22.562), (114.178, 22.560),
    (114.200, 22.555), (114.220, 22.551), (114.227, 22.549), (114.240, 22.554), (114.300, 22.562), (114.400, 22.567),
    (114.450, 22.555), (114.456, 22.520), (114.503, 22.450), (114.503, 22.140),
)  # fmt: skip
_MACAU = (
    (113.529, 22.200), (113.535, 22.214), (113.541, 22.216), (113.550, 22.217), (113.640, 22.217), (113.640, 22.080),
    (113.555, 22.090), (113.553, 22.110), (113.551, 22.130), (113.549, 22.150), (113.546, 22.165), (113.537, 22.175),
    (113.531, 22.185),
)  # fmt: skip
# Off the coast of Fujian, within the widened outline: Kinmen, Matsu.
_ISLANDS = ((118.205, 24.375, 118.510, 24.535), (119.860, 25.930, 120.050, 26.270))


def in_mainland(lon: FloatArray, lat: FloatArray) -> np.ndarray:
    """Return for each point in degrees WGS-84 whether it lies in mainland China; never for Hong Kong, Macau, Taiwan."""
    inside: np.ndarray = np.zeros(len(lon), dtype=bool)
    near = np.flatnonzero((lon > 73) & (lon < 136) & (lat > 17) & (lat < 54))
    if near.size:
        area = _mainland()
        shapely.prepare(area)
        inside[near] = shapely.contains_xy(area, lon[near], lat[near])
    return inside


def _mainland() -> shapely.Geometry:
    numbers: list[int] = []
    value = shift = 0
    for sign in _OUTLINE:
        code = ord(sign) - 63
        value |= (code & 0x1F) << shift
        shift += 5
        if code < 0x20:
            numbers.append(~(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    outline = shapely.Polygon(np.cumsum(np.reshape(numbers, (-1, 2)), axis=0) / 100)
    beside = [shapely.Polygon(_HONG_KONG), shapely.Polygon(_MACAU), *(shapely.box(*corners) for corners in _ISLANDS)]
    return shapely.difference(outline, shapely.union_all(beside))
